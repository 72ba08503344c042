// Small blocks, last in first out, by one thread: numa_allocator over resource_for() beside std's.
#include <acre/numa_allocator.hpp>

#include <array>
#include <memory>
#include <memory_resource>

#include "bench.hpp"

namespace {

struct small {
  std::array<std::byte, 48> bytes;
};

template <class Allocator>
void last_in_first_out(benchmark::State& state, Allocator allocator) {
  std::array<small*, 64> blocks{};
  for (auto _ : state) {
    for (small*& b : blocks) b = allocator.allocate(1);
    benchmark::DoNotOptimize(blocks.data());
    benchmark::ClobberMemory();
    for (auto b = blocks.rbegin(); b != blocks.rend(); ++b) allocator.deallocate(*b, 1);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(blocks.size()));
}

}  // namespace

void bench::declare(bool) {
  baseline("std::allocator");
  const std::string group = "allocator/64 x 48 B/";
  row(group + "std::allocator", [](auto& state) { last_in_first_out(state, std::allocator<small>()); });
  row(group + "pmr::synchronized_pool", [](auto& state) {
    std::pmr::synchronized_pool_resource pool;
    last_in_first_out(state, std::pmr::polymorphic_allocator<small>(&pool));
  });
  row(group + "acre::numa_allocator", [](auto& state) {
    last_in_first_out(state, acre::numa_allocator<small>(acre::placement::bind({bench::node()})));
  });
}
