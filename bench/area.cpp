// Allocating and freeing bound pages: acre::area beside the system calls, libnuma and hwloc.
#include <acre/area.hpp>
#include <acre/bytes.hpp>

#include <hwloc.h>
#include <numa.h>

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

}  // namespace

void bench::declare(bool) {
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
}
