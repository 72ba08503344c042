// Allocating and freeing bound pages: acre::area beside the system calls, libnuma and hwloc. And what an eager area's
// pages take until they are there, beside as many threads that only make them.
#include <acre/area.hpp>
#include <acre/bytes.hpp>

#include <hwloc.h>
#include <numa.h>
#include <sys/mman.h>

#include <chrono>
#include <memory>

#include "bench.hpp"

namespace {

using namespace acre::literals;

/// One allocation and its end, again and again.
template <class Allocate, class Free>
void rounds(benchmark::State& state, std::size_t bytes, bool touched, Allocate allocate, Free free) {
  for (auto _ : state) {
    void* const p = allocate(bytes);
    if (p == nullptr) {
      state.SkipWithError("no memory");
      return;
    }
    if (touched) bench::touch(p, bytes);
    benchmark::DoNotOptimize(p);
    free(p, bytes);
  }
}

void raw(benchmark::State& state, std::size_t bytes, bool touched) {
  const auto allocate = [](std::size_t n) {
    void* const p = bench::map_raw(n);
    bench::bind_raw(p, n);
    return p;
  };
  rounds(state, bytes, touched, allocate, bench::unmap_raw);
}

void area(benchmark::State& state, std::size_t bytes, bool touched) {
  acre::area pages(acre::placement::bind({bench::node()}));
  rounds(
      state, bytes, touched, [&](std::size_t n) { return pages.allocate(n); },
      [&](void* p, std::size_t n) { pages.deallocate(p, n); });
}

void libnuma(benchmark::State& state, std::size_t bytes, bool touched) {
  if (numa_available() < 0) {
    state.SkipWithError("libnuma says there is no NUMA");
    return;
  }
  numa_set_bind_policy(1);  // MPOL_BIND like the others; libnuma's default is MPOL_PREFERRED
  const int node = static_cast<int>(bench::node());
  rounds(
      state, bytes, touched, [&](std::size_t n) { return numa_alloc_onnode(n, node); }, numa_free);
}

void hwloc(benchmark::State& state, std::size_t bytes, bool touched) {
  hwloc_topology* const machine = acre::topology::system().native_handle();
  const std::unique_ptr<hwloc_bitmap_s, void (*)(hwloc_bitmap_t)> nodes(hwloc_bitmap_alloc(),
                                                                        hwloc_bitmap_free);
  hwloc_bitmap_only(nodes.get(), bench::node());
  const auto allocate = [&](std::size_t n) {
    return hwloc_alloc_membind(machine, n, nodes.get(), HWLOC_MEMBIND_BIND,
                               HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_STRICT);
  };
  rounds(state, bytes, touched, allocate, [&](void* p, std::size_t n) { hwloc_free(machine, p, n); });
}

/// From nothing to pages that are there, by the clock, for it is parallel; their end does not count.
template <class Allocate, class Free>
void until_usable(benchmark::State& state, std::size_t bytes, Allocate allocate, Free free) {
  bench::warm(bytes);
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    void* const p = allocate(bytes);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(took.count());
    free(p, bytes);
  }
}

void raw_usable(benchmark::State& state, std::size_t bytes, acre::page_kind kind) {
  const auto allocate = [kind](std::size_t n) {
    void* const p = bench::map_bound(n, acre::page_size(kind));
    ::madvise(p, n, kind == acre::page_kind::transparent_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    bench::populate_raw(p, n);
    return p;
  };
  until_usable(state, bytes, allocate, bench::unmap_raw);
}

void eager_area(benchmark::State& state, std::size_t bytes, acre::page_kind kind) {
  acre::area pages(acre::placement::bind({bench::node()}),
                   {.page_kind = kind, .commit = acre::commit::eager});
  until_usable(
      state, bytes, [&](std::size_t n) { return pages.allocate(n); },
      [&](void* p, std::size_t n) { pages.deallocate(p, n); });
}

void declare_usable(std::size_t bytes) {
  using bench::row;
  // Nobody is to be killed for a figure. By what there is in all: what is free may change the row's name.
  if (const auto m = acre::topology::system().memory(bench::node())) {
    while (bytes > 32_MiB && bytes > m->total / 3 * 2) bytes /= 2;
  }
  for (const auto kind : {acre::page_kind::system, acre::page_kind::transparent_huge}) {
    const std::string group =
        "area/" + acre::format_bytes(bytes) +
        (kind == acre::page_kind::system ? "/eager, system pages/" : "/eager, transparent huge/");
    const auto add = [&](const std::string& who, auto body) {
      row(group + who, [=](auto& state) { body(state, bytes, kind); })
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    };
    add("mmap+mbind+munmap", raw_usable);
    add("acre::area", eager_area);
  }
}

}  // namespace

void bench::declare(bool smoke) {
  baseline("mmap+mbind+munmap");
  for (const bool touched : {false, true}) {
    for (const std::size_t bytes : {64_KiB, 2_MiB, 64_MiB}) {
      const std::string group = "area/" + acre::format_bytes(bytes) + (touched ? "/touched/" : "/untouched/");
      row(group + "mmap+mbind+munmap", [=](auto& state) { raw(state, bytes, touched); });
      row(group + "acre::area", [=](auto& state) { area(state, bytes, touched); });
      row(group + "numa_alloc_onnode", [=](auto& state) { libnuma(state, bytes, touched); });
      row(group + "hwloc_alloc_membind", [=](auto& state) { hwloc(state, bytes, touched); });
    }
  }
  declare_usable(smoke ? 32_MiB : 8_GiB);
}
