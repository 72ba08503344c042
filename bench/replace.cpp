// Objects of random sizes, of which random ones are replaced by new ones: what a long-running program's heap
// looks like. Two threads have half of the objects each, of one resource.
#include "peers.hpp"
#include "workloads.hpp"

namespace {

void replace(benchmark::State& state, std::pmr::memory_resource& memory, std::size_t count,
             unsigned threads) {
  std::vector<bench::live_blocks> live;
  bench::team workers(threads);
  live.reserve(threads);
  for (unsigned i = 0; i != threads; ++i) {
    // By the thread that works with them.
    workers.run([&](unsigned me) {
      if (me == i) live.emplace_back(memory, count / threads, bench::object_sizes, i);
    });
  }
  const std::size_t round = count / threads / 8;
  workers.run([&](unsigned me) { live[me].replace(round * 16); });
  for (auto _ : state) {
    if (threads == 1) {
      live[0].replace(round);
    } else {
      workers.run([&](unsigned me) { live[me].replace(round); });
    }
  }
  workers.run([&](unsigned me) { live[me].free_all(); });
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(round * threads));
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  const std::size_t count = smoke ? 2000 : 100'000;
  for (const unsigned threads : {1U, 2U}) {
    std::vector<peer> who = block_peers(threads);
    who.push_back(nothing());
    rows(
        "replace/" + std::to_string(threads) + (threads == 1 ? " thread" : " threads"), who,
        [=](auto& state, subject& s) { replace(state, *s.memory, count, threads); },
        [=](auto* b) {
          if (threads > 1) b->UseRealTime();
        });
  }
}
