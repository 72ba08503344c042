// Looking at the machine: acre's snapshot beside hwloc's default load, and what a process pays before it has its first
// block on a node.
#include <acre/numa_allocator.hpp>
#include <acre/placement.hpp>
#include <acre/topology.hpp>

#include <hwloc.h>
#include <numa.h>
#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "fresh_process.hpp"

namespace {

using bench::figures;

/// Where blocks go. Not bench::node(), which asks topology::system(): that is for the processes to do.
acre::node_id node() {
  static const acre::node_id first = acre::topology::load().default_nodes().first();
  return first;
}

void acre_load(benchmark::State& state) {
  for (auto _ : state) {
    const acre::topology machine = acre::topology::load();
    benchmark::DoNotOptimize(machine.default_nodes());
  }
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

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

figures system_again() {
  constexpr int calls = 1'000'000;
  benchmark::DoNotOptimize(&acre::topology::system());  // loads
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i != calls; ++i) benchmark::DoNotOptimize(&acre::topology::system());
  return {{"seconds", seconds_since(start) / calls}};
}

// ---- the first block of a process: ten ints, written

constexpr std::size_t count = 10;

void acre_first() {
  const std::vector<int, acre::numa_allocator<int>> v(count, 1, acre::placement::bind({node()}));
  benchmark::DoNotOptimize(v.data());
}

void write_ints(void* p) {
  if (p == nullptr) throw std::bad_alloc();
  std::uninitialized_fill_n(static_cast<int*>(p), count, 1);
  benchmark::DoNotOptimize(p);
}

void hwloc_first() {
  hwloc_topology_t machine = nullptr;
  if (hwloc_topology_init(&machine) != 0 || hwloc_topology_load(machine) != 0)
    throw std::runtime_error("hwloc cannot load this machine");
  const std::unique_ptr<hwloc_bitmap_s, void (*)(hwloc_bitmap_t)> nodes(hwloc_bitmap_alloc(),
                                                                        hwloc_bitmap_free);
  hwloc_bitmap_only(nodes.get(), node());
  write_ints(hwloc_alloc_membind(machine, count * sizeof(int), nodes.get(), HWLOC_MEMBIND_BIND,
                                 HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_STRICT));
}

/// Has looked at the machine when the program was started, which is not measured.
void libnuma_first() {
  if (numa_available() < 0) throw bench::missing("libnuma says there is no NUMA");
  numa_set_bind_policy(1);
  write_ints(numa_alloc_onnode(count * sizeof(int), static_cast<int>(node())));
}

/// The calls of read(2) and its like of this process so far; 0 where the kernel does not count them.
double reads() {
  std::ifstream file("/proc/self/io");
  std::string name;
  for (double value = 0; file >> name >> value;)
    if (name == "syscr:") return value;
  return 0;
}

double faults() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_minflt);
}

template <class F>
figures measured(F first) {
  reads();  // for what it needs itself
  const double reads_at_first = reads();
  const double reads_before = reads();
  const double faults_before = faults();
  const auto start = std::chrono::steady_clock::now();
  first();
  figures found{{"seconds", seconds_since(start)}};
  found["faults"] = faults() - faults_before;
  found["reads"] = reads() - reads_before - (reads_before - reads_at_first);
  return found;
}

template <class F>
void in_fresh_processes(benchmark::State& state, F measure) {
  node();
  bench::attempt(state, [&] {
    for (auto _ : state) {
      for (const auto& [name, value] :
           bench::in_fresh_process([&] { return bench::report{measure()}; }).counted) {
        if (name == "seconds") {
          state.SetIterationTime(value);
        } else {
          state.counters[name] = value;
        }
      }
    }
  });
}

template <class F>
benchmark::internal::Benchmark* process_row(const std::string& name, F measure) {
  return bench::row(name, [=](benchmark::State& state) { in_fresh_processes(state, measure); })
      ->UseManualTime();
}

}  // namespace

// No row may call topology::system() in this process: those of fresh ones are forked from it.
void bench::declare(bool) {
  baseline("hwloc_topology_load");
  row("topology/load/hwloc_topology_load", hwloc_load);
  row("topology/load/acre::topology::load", acre_load);
  process_row("topology/load/acre::topology::system again", system_again)->Iterations(1);
  const std::string first = "topology/first block of a process/";
  process_row(first + "hwloc_topology_load", [] { return measured(hwloc_first); });
  process_row(first + "numa_alloc_onnode", [] { return measured(libnuma_first); });
  process_row(first + "acre::numa_allocator", [] { return measured(acre_first); });
}
