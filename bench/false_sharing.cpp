// False sharing: two threads, each with a block of its own that it writes to again and again. An allocator that gives
// them blocks in one cache line makes each wait for the other. "own blocks" are the first that these threads allocate.
// Before "handed blocks", each frees one of two neighbours that a third thread allocated: the next that it gets should
// not be that. How often both lie in one line is counted; what that costs shows only where each thread has a
// processor for itself.
#include <algorithm>
#include <array>
#include <barrier>
#include <cstdint>
#include <ctime>
#include <functional>
#include <thread>
#include <utility>

#include "peers.hpp"
#include "workloads.hpp"

namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t block_bytes = 8;
constexpr std::size_t writes = 100'000;

double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct found {
  double seconds = 0;
  bool in_one_line = false;
};

/// \param handed blocks of memory that the threads free; null: none
found write_beside_each_other(std::pmr::memory_resource& memory, std::array<void*, 2> handed) {
  std::array<void*, 2> blocks{};
  std::array<double, 2> seconds{};
  std::barrier together(2);
  const auto live = [&](std::size_t me) {
    if (handed[me] != nullptr) memory.deallocate(handed[me], block_bytes);
    blocks[me] = memory.allocate(block_bytes);
    volatile std::uint64_t& number = *new (blocks[me]) std::uint64_t(0);
    together.arrive_and_wait();
    const double begin = thread_seconds();
    for (std::size_t i = 0; i != writes; ++i) number = number + 1;
    seconds[me] = thread_seconds() - begin;
    together.arrive_and_wait();
    memory.deallocate(blocks[me], block_bytes);
  };
  {
    const std::jthread one(live, 0);
    const std::jthread other(live, 1);
  }
  const auto line = [](void* p) { return reinterpret_cast<std::uintptr_t>(p) / line_bytes; };
  return {(seconds[0] + seconds[1]) / 2, line(blocks[0]) == line(blocks[1])};
}

void share(benchmark::State& state, std::pmr::memory_resource& memory, bool handed) {
  bench::random_numbers random(1);
  std::int64_t in_one_line = 0;
  for (auto _ : state) {
    // Any two neighbours, for lines begin anywhere among them.
    std::array<void*, 16> blocks{};
    for (void*& p : blocks) p = memory.allocate(block_bytes);
    std::sort(blocks.begin(), blocks.end(), std::less<>());
    const std::size_t at = random.below(blocks.size() - 1);
    std::array<void*, 2> pair{};
    if (handed) pair = {std::exchange(blocks[at], nullptr), std::exchange(blocks[at + 1], nullptr)};
    const found now = write_beside_each_other(memory, pair);
    for (void* const p : blocks) {
      if (p != nullptr) memory.deallocate(p, block_bytes);
    }
    state.SetIterationTime(now.seconds);
    in_one_line += now.in_one_line ? 1 : 0;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(writes));
  state.counters["in one line"] = static_cast<double>(in_one_line) / static_cast<double>(state.iterations());
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  std::vector<peer> who = block_peers(2);
  who.push_back(nothing());
  for (const bool handed : {false, true}) {
    rows(
        handed ? "false_sharing/handed blocks" : "false_sharing/own blocks", who,
        [=](auto& state, subject& s) { share(state, *s.memory, handed); },
        [=](auto* b) { b->Iterations(smoke ? 1 : 200)->UseManualTime(); });
  }
}
