// Threads that start, allocate and free a thousand blocks, and end: what a thread's cache costs to have and to
// give up.
#include <array>

#include "peers.hpp"
#include "workloads.hpp"

namespace {

void lives(benchmark::State& state, std::pmr::memory_resource& memory) {
  std::uint64_t seed = 0;
  const auto live = [&] {
    std::thread([&, mine = ++seed] {
      bench::random_numbers random(mine);
      std::array<std::pair<void*, std::size_t>, 1000> blocks;
      for (auto& [p, bytes] : blocks) {
        bytes = bench::object_sizes(random);
        p = memory.allocate(bytes);
        bench::write_a_word(p);
      }
      for (const auto& [p, bytes] : blocks) memory.deallocate(p, bytes);
    }).join();
  };
  live();
  for (auto _ : state) live();
}

}  // namespace

void bench::declare(bool) {
  baseline(glibc);
  std::vector<peer> who = block_peers(2);
  who.push_back(nothing());
  rows(
      "short_threads/1000 blocks", who, [](auto& state, subject& s) { lives(state, *s.memory); },
      [](auto* b) { b->UseRealTime(); });
}
