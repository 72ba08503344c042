// numa_allocator<T> over a pool and over node_pools beside std::allocator<T>, called as containers call them: the type
// is known to the compiler, and nothing has to be virtual.
#include <acre/node_pools.hpp>
#include <acre/numa_allocator.hpp>

#include <array>
#include <memory>
#include <memory_resource>

#include "peers.hpp"

namespace {

template <std::size_t Bytes>
struct object {
  std::array<std::byte, Bytes> bytes;
};

template <class Allocator>
void pairs(benchmark::State& state, Allocator allocator) {
  for (auto _ : state) {
    auto* p = allocator.allocate(1);
    benchmark::DoNotOptimize(p);
    allocator.deallocate(p, 1);
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Allocator>
void bursts(benchmark::State& state, Allocator allocator) {
  std::array<typename Allocator::value_type*, 64> blocks{};
  for (auto _ : state) {
    for (auto*& b : blocks) b = allocator.allocate(1);
    benchmark::DoNotOptimize(blocks.data());
    benchmark::ClobberMemory();
    for (auto b = blocks.rbegin(); b != blocks.rend(); ++b) allocator.deallocate(*b, 1);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(blocks.size()));
}

template <std::size_t Bytes>
void declare_size() {
  using type = object<Bytes>;
  const std::string size = std::to_string(Bytes) + " B/";
  const auto add = [&](const std::string& who, auto make) {
    bench::row("allocator/pair, " + size + who, [=](auto& state) { pairs(state, make()); });
    bench::row("allocator/burst of 64, " + size + who, [=](auto& state) { bursts(state, make()); });
  };
  add("std::allocator", [] { return std::allocator<type>(); });
  add("acre::numa_allocator",
      [] { return acre::numa_allocator<type>(acre::placement::bind({bench::node()})); });
  static acre::node_pools pools;
  add("acre::numa_allocator over node_pools", [] { return acre::numa_allocator<type>(&pools); });
  bench::row("allocator/pair, " + size + "pmr::synchronized_pool", [](auto& state) {
    std::pmr::synchronized_pool_resource pool;
    pairs(state, std::pmr::polymorphic_allocator<type>(&pool));
  });
}

}  // namespace

void bench::declare(bool) {
  baseline("std::allocator");
  declare_size<48>();
  declare_size<64>();
}
