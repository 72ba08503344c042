// Node-based containers of the standard library: built and emptied again, memory of the round before at hand.
#include <list>
#include <unordered_map>

#include "peers.hpp"
#include "workloads.hpp"

namespace {

void map_rounds(benchmark::State& state, std::pmr::memory_resource& memory, std::size_t count) {
  std::vector<int> keys(count);
  bench::random_numbers random(1);
  for (int& k : keys) k = static_cast<int>(random.next() >> 1);
  const auto round = [&] {
    std::pmr::unordered_map<int, int> map(&memory);
    for (const int k : keys) map.emplace(k, k);
    for (const int k : keys) map.erase(k);
  };
  round();
  for (auto _ : state) round();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}

void list_rounds(benchmark::State& state, std::pmr::memory_resource& memory, std::size_t count) {
  const auto round = [&] {
    std::pmr::list<int> list(&memory);
    for (std::size_t i = 0; i != count; ++i) list.push_back(static_cast<int>(i));
    benchmark::DoNotOptimize(list.back());
  };
  round();
  for (auto _ : state) round();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  const std::size_t count = smoke ? 1000 : 1'000'000;
  rows("containers/pmr::unordered_map", block_peers(),
       [=](auto& state, subject& s) { map_rounds(state, *s.memory, count); });
  rows("containers/pmr::list", block_peers(),
       [=](auto& state, subject& s) { list_rounds(state, *s.memory, count); });
}
