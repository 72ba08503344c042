// Node-based containers of the standard library, built and emptied: memory of a round before is there.
#include <list>
#include <unordered_map>

#include "fresh_process.hpp"
#include "workloads.hpp"

namespace {

template <class F>
bench::figures rounds(std::size_t count, double at_least, F round) {
  round();
  const double faults = bench::faults();
  std::size_t times = 0;
  const double each = bench::seconds_each(at_least, count, [&] {
    round();
    ++times;
  });
  return {{"seconds", each}, {"faults", (bench::faults() - faults) / static_cast<double>(times)}};
}

bench::figures fill_map(std::pmr::memory_resource& memory, std::size_t count, double at_least) {
  std::vector<int> keys(count);
  bench::random_numbers random(1);
  for (int& k : keys) k = static_cast<int>(random.next() >> 1);
  return rounds(count, at_least, [&] {
    std::pmr::unordered_map<int, int> map(&memory);
    for (const int k : keys) map.emplace(k, k);
    for (const int k : keys) map.erase(k);
  });
}

bench::figures fill_list(std::pmr::memory_resource& memory, std::size_t count, double at_least) {
  return rounds(count, at_least, [&] {
    std::pmr::list<int> list(&memory);
    for (std::size_t i = 0; i != count; ++i) list.push_back(static_cast<int>(i));
    benchmark::DoNotOptimize(list.back());
  });
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  const std::size_t count = smoke ? 1000 : 1'000'000;
  const double at_least = smoke ? 0 : 0.02;
  fresh_rows("containers/pmr::unordered_map", block_peers(),
             [=](subject& s) { return fill_map(*s.memory, count, at_least); });
  fresh_rows("containers/pmr::list", block_peers(),
             [=](subject& s) { return fill_list(*s.memory, count, at_least); });
}
