// Making fresh pages exist: acre::prefault beside one thread that writes them all, and beside raw calls by as many
// threads, which look at nothing. By the clock: it is parallel.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/prefault.hpp>

#include <sys/mman.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "bench.hpp"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace {

using namespace acre::literals;

/// Only `fault` counts, not the fresh mapping before it nor its end.
template <class Fault>
void rounds(benchmark::State& state, std::size_t bytes, const acre::placement& where, Fault fault) {
  acre::area pages(where);
  for (auto _ : state) {
    void* const p = pages.allocate(bytes);
    const auto begin = std::chrono::steady_clock::now();
    fault(p, bytes);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(took.count());
    pages.deallocate(p, bytes);
  }
}

void write_all(void* p, std::size_t bytes) {
  std::memset(p, 1, bytes);
  benchmark::ClobberMemory();
}

void prefault(void* p, std::size_t bytes) { acre::prefault(p, bytes); }

}  // namespace

void bench::declare(bool smoke) {
  baseline("memset, one thread");
  const acre::placement hard = acre::placement::bind({node()});
  const acre::placement soft = acre::placement::prefer({node()});
  for (const std::size_t bytes : {256_MiB, 1_GiB}) {
    const std::size_t size = smoke ? bytes / 32 : bytes;
    const auto add = [&](const std::string& who, const acre::placement& where, auto fault) {
      row("prefault/" + acre::format_bytes(size) + "/" + who,
          [=](auto& state) { rounds(state, size, where, fault); })
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    };
    add("memset, one thread", hard, write_all);
    add("MADV_POPULATE_WRITE, one thread", hard, [](void* p, std::size_t n) {
      // Linux 5.14; before that a row that measures nothing would mislead.
      if (::madvise(p, n, MADV_POPULATE_WRITE) != 0) bench::touch(p, n);
    });
    add("MADV_POPULATE_WRITE, all CPUs", hard, populate_raw);
    add("acre::prefault, bind", hard, prefault);
    add("acre::prefault, prefer", soft, prefault);
  }
}
