// Looking at the machine: acre's snapshot beside hwloc's default load.
#include <acre/topology.hpp>

#include <hwloc.h>

#include "bench.hpp"

namespace {

void acre_load(benchmark::State& state) {
  for (auto _ : state) {
    const acre::topology machine = acre::topology::load();
    benchmark::DoNotOptimize(machine.native_handle());
  }
}

void acre_system(benchmark::State& state) {
  benchmark::DoNotOptimize(acre::topology::system().native_handle());  // loads
  for (auto _ : state) benchmark::DoNotOptimize(acre::topology::system().native_handle());
}

void hwloc_load(benchmark::State& state) {
  for (auto _ : state) {
    hwloc_topology_t machine = nullptr;
    if (hwloc_topology_init(&machine) != 0 || hwloc_topology_load(machine) != 0) {
      state.SkipWithError("hwloc cannot load this machine");
      return;
    }
    benchmark::DoNotOptimize(machine);
    hwloc_topology_destroy(machine);
  }
}

}  // namespace

void bench::declare(bool) {
  baseline("hwloc_topology_load");
  row("topology/load/hwloc_topology_load", hwloc_load);
  row("topology/load/acre::topology::load", acre_load);
  row("topology/load/acre::topology::system again", acre_system);
}
