// Node-based containers of the standard library, built and emptied: in a new process, and once the memory of a
// round before is there.
#include <list>
#include <unordered_map>

#include "fresh_process.hpp"

namespace {

struct times {
  std::size_t elements;
  bool first;
  double at_least;
};

template <class F>
bench::figures rounds(const times& when, F round) {
  bench::warm(when.elements * 256);
  if (when.first) return bench::repeated(0, when.elements, round);
  // Pools that split and join what is free need some rounds to find the places they stay with.
  for (int i = 0; i != 3; ++i) round();
  return bench::repeated(when.at_least, when.elements, round);
}

bench::figures fill_map(std::pmr::memory_resource& memory, const times& when) {
  std::vector<int> keys(when.elements);
  bench::random_numbers random(1);
  for (int& k : keys) k = static_cast<int>(random.next() >> 1);
  return rounds(when, [&] {
    std::pmr::unordered_map<int, int> map(&memory);
    for (const int k : keys) map.emplace(k, k);
    for (const int k : keys) map.erase(k);
  });
}

bench::figures fill_list(std::pmr::memory_resource& memory, const times& when) {
  return rounds(when, [&] {
    std::pmr::list<int> list(&memory);
    for (std::size_t i = 0; i != when.elements; ++i) list.push_back(static_cast<int>(i));
    benchmark::DoNotOptimize(list.back());
  });
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  for (const bool first : {true, false}) {
    const times when{smoke ? 1000U : 1'000'000U, first, smoke ? 0 : 0.02};
    const std::string name = first ? ", first time" : ", again";
    fresh_rows("containers/pmr::unordered_map" + name, block_peers(),
               [=](subject& s) { return fill_map(*s.memory, when); });
    fresh_rows("containers/pmr::list" + name, block_peers(),
               [=](subject& s) { return fill_list(*s.memory, when); });
  }
}
