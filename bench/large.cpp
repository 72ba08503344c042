// Large blocks: allocated, every page touched, freed; one size again and again, and a mix.
#include <acre/bytes.hpp>

#include <array>
#include <cmath>

#include "peers.hpp"
#include "workloads.hpp"

namespace {

using namespace acre::literals;

void rounds(benchmark::State& state, std::pmr::memory_resource& memory, std::size_t bytes) {
  const double before = bench::faults();
  for (auto _ : state) {
    void* const p = memory.allocate(bytes);
    bench::touch(p, bytes);
    memory.deallocate(p, bytes);
  }
  state.counters["faults"] = (bench::faults() - before) / static_cast<double>(state.iterations());
}

/// 16 live blocks, of which random ones are replaced. Each doubling of the size is as likely as another.
void mixed(benchmark::State& state, std::pmr::memory_resource& memory, std::size_t most) {
  struct block {
    void* at = nullptr;
    std::size_t bytes = 0;
  };
  std::array<block, 16> live;
  bench::random_numbers random(1);
  const double doublings = std::log2(static_cast<double>(most) / 65536.0);
  const auto replace = [&] {
    block& b = live[random.below(live.size())];
    if (b.at != nullptr) memory.deallocate(b.at, b.bytes);
    const double power = doublings * static_cast<double>(random.next()) / 4294967296.0;
    b.bytes = static_cast<std::size_t>(65536.0 * std::exp2(power));
    b.at = memory.allocate(b.bytes);
    bench::touch(b.at, b.bytes);
  };
  for (int i = 0; i != 64; ++i) replace();
  const double before = bench::faults();
  for (auto _ : state) replace();
  state.counters["faults"] = (bench::faults() - before) / static_cast<double>(state.iterations());
  for (const block& b : live) {
    if (b.at != nullptr) memory.deallocate(b.at, b.bytes);
  }
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  for (const std::size_t bytes : {64_KiB, 2_MiB, 64_MiB}) {
    rows("large/" + acre::format_bytes(bytes), page_peers(),
         [=](auto& state, subject& s) { rounds(state, *s.memory, bytes); });
  }
  const std::size_t most = smoke ? 1_MiB : 8_MiB;
  rows("large/64KiB to " + acre::format_bytes(most), page_peers(),
       [=](auto& state, subject& s) { mixed(state, *s.memory, most); });
}
