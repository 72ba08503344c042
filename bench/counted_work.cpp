// Work that is the same for each thread, whose instructions bench/count.py counts, under Valgrind: those of functions
// that are called counted_...(), once the thread has called counting_begins(). Threads wait for each other elsewhere.
//
// usage: counted-work --list                              the names of allocators, one a line
//        counted-work WHO WORK THREADS POOLS OPERATIONS   so many pairs of allocate and free, for each thread; of
//                                                         handover THREADS are even. Status 3: the library is missing
#include <acre/node_pools.hpp>
#include <acre/pool_resource.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <string_view>

#include "peers.hpp"
#include "workloads.hpp"

namespace {

/// More than a thread keeps of blocks of 64 bytes: some go to where all threads have their blocks from.
constexpr std::size_t burst = 1024;

struct block {
  void* at;
  std::size_t bytes;
  std::pmr::memory_resource* from;
};

/// Several pools, of which each block is of the next one.
class pools_in_turn {
 public:
  pools_in_turn(std::span<std::pmr::memory_resource* const> pools, std::size_t first)
      : x_pools(pools), x_next(first % pools.size()) {}

  block allocate(std::size_t bytes) {
    std::pmr::memory_resource* const from = x_pools[x_next];
    if (++x_next == x_pools.size()) x_next = 0;
    const block b{from->allocate(bytes), bytes, from};
    bench::write_a_word(b.at);
    return b;
  }

 private:
  std::span<std::pmr::memory_resource* const> x_pools;
  std::size_t x_next;
};

void deallocate(const block& b) { b.from->deallocate(b.at, b.bytes); }

/// What a thread needs for its work.
struct worker {
  pools_in_turn pools;
  bench::random_numbers random;
  std::vector<block> blocks;
};

}  // namespace

// Not inlined and not static, for Valgrind knows them by their names.
extern "C" {

[[gnu::noinline]] void counting_begins() { benchmark::ClobberMemory(); }

[[gnu::noinline]] void counted_pairs(worker& w, std::size_t operations) {
  for (; operations != 0; --operations) deallocate(w.pools.allocate(64));
}

[[gnu::noinline]] void counted_allocations(worker& w) {
  for (block& b : w.blocks) b = w.pools.allocate(64);
}

[[gnu::noinline]] void counted_frees(worker& w) {
  for (auto b = w.blocks.rbegin(); b != w.blocks.rend(); ++b) deallocate(*b);
}

[[gnu::noinline]] void counted_replacements(worker& w, std::size_t operations) {
  for (; operations != 0; --operations) {
    block& b = w.blocks[w.random.below(w.blocks.size())];
    deallocate(b);
    b = w.pools.allocate(bench::object_sizes(w.random));
  }
}

}  // extern "C"

namespace {

using work = void (*)(bench::team& threads, std::vector<worker>& workers, std::size_t operations);

void pair(bench::team& threads, std::vector<worker>& workers, std::size_t operations) {
  threads.run([&](unsigned me) { counted_pairs(workers[me], operations); });
}

void bursts(bench::team& threads, std::vector<worker>& workers, std::size_t operations) {
  threads.run([&](unsigned me) {
    workers[me].blocks.resize(burst);
    for (std::size_t i = 0; i != operations / burst; ++i) {
      counted_allocations(workers[me]);
      counted_frees(workers[me]);
    }
  });
}

/// A thousand live blocks a thread, random ones replaced.
void replace(bench::team& threads, std::vector<worker>& workers, std::size_t operations) {
  threads.run([&](unsigned me) {
    worker& w = workers[me];
    while (w.blocks.size() < 1000) w.blocks.push_back(w.pools.allocate(bench::object_sizes(w.random)));
    counted_replacements(w, operations);
  });
}

/// Every second thread frees what the one before it has allocated.
void handover(bench::team& threads, std::vector<worker>& workers, std::size_t operations) {
  for (worker& w : workers) w.blocks.resize(burst);
  for (std::size_t i = 0; i != 2 * operations / burst; ++i) {
    threads.run([&](unsigned me) {
      if (me % 2 == 0) counted_allocations(workers[me]);
    });
    threads.run([&](unsigned me) {
      if (me % 2 == 1) counted_frees(workers[me - 1]);
    });
  }
}

work find_work(std::string_view name) {
  if (name == "pair") return pair;
  if (name == "burst") return bursts;
  if (name == "replace") return replace;
  return name == "handover" ? handover : nullptr;
}

void run(const bench::peer& p, work do_work, unsigned threads, std::size_t pools, std::size_t operations) {
  std::vector<bench::subject> subjects;
  std::vector<std::pmr::memory_resource*> memories;
  while (subjects.size() != pools)
    memories.push_back(subjects.emplace_back(bench::make_checked(p)).memory.get());
  bench::team team(threads);
  std::vector<worker> workers;
  for (unsigned i = 0; i != threads; ++i)
    workers.push_back({pools_in_turn(memories, i), bench::random_numbers(i), {}});
  do_work(team, workers, operations * pools);
  // Valgrind has counts for each thread.
  team.run([](unsigned) { counting_begins(); });
  do_work(team, workers, operations);
}

template <class Pools>
bench::subject make_pools(Pools* made) {
  return {std::unique_ptr<std::pmr::memory_resource>(made), [](const void*) { return true; }, {}};
}

/// Nothing goes by the clock in acre's pools: under Valgrind a second of theirs is a minute.
std::vector<bench::peer> allocators() {
  static const acre::pool_options pool{.decay = std::chrono::hours(24)};
  std::vector<bench::peer> all = {
      {.who = "acre::pool_resource",
       .make =
           [] { return make_pools(new acre::pool_resource(acre::placement::bind({bench::node()}), pool)); }},
      {.who = "acre::node_pools", .make = [] { return make_pools(new acre::node_pools({.pool = pool})); }},
      bench::nothing()};
  for (const bench::peer& p : bench::block_peers(2)) {
    if (!p.who.starts_with("acre::")) all.push_back(p);
  }
  return all;
}

int usage() {
  std::fputs("usage: counted-work --list | WHO pair|burst|replace|handover THREADS POOLS OPERATIONS\n",
             stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<bench::peer> peers = allocators();
  if (argc == 2 && std::string_view(argv[1]) == "--list") {
    for (const bench::peer& p : peers) std::puts(p.who.c_str());
    return 0;
  }
  if (argc != 6) return usage();
  const work do_work = find_work(argv[2]);
  const std::size_t threads = std::strtoul(argv[3], nullptr, 10);
  const std::size_t pools = std::strtoul(argv[4], nullptr, 10);
  const std::size_t operations = std::strtoul(argv[5], nullptr, 10);
  const auto p =
      std::find_if(peers.begin(), peers.end(), [&](const bench::peer& at) { return at.who == argv[1]; });
  if (do_work == nullptr || threads == 0 || pools == 0 || p == peers.end()) return usage();
  if (do_work == handover && threads % 2 != 0) return usage();
  try {
    run(*p, do_work, static_cast<unsigned>(threads), pools, operations);
    return 0;
  } catch (const bench::missing& reason) {
    std::fprintf(stderr, "%s\n", reason.what());
    return 3;
  } catch (const std::exception& reason) {
    std::fprintf(stderr, "counted-work: %s\n", reason.what());
    return 1;
  }
}
