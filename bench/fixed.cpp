// Blocks of one size: a pair of allocate and free, and bursts that are freed in reverse. The pages exist when
// time begins.
#include <array>

#include "peers.hpp"
#include "workloads.hpp"

namespace {

constexpr std::size_t block_sizes[] = {16, 64, 256, 4096};

void pairs(benchmark::State& state, std::pmr::memory_resource& memory, std::size_t bytes) {
  const auto round = [&] {
    void* const p = memory.allocate(bytes);
    bench::write_a_word(p);
    memory.deallocate(p, bytes);
  };
  round();
  for (auto _ : state) round();
  state.SetItemsProcessed(state.iterations());
}

void bursts(benchmark::State& state, std::pmr::memory_resource& memory, std::size_t bytes) {
  std::array<void*, 256> blocks{};
  const auto round = [&] {
    for (void*& b : blocks) {
      b = memory.allocate(bytes);
      bench::write_a_word(b);
    }
    for (auto b = blocks.rbegin(); b != blocks.rend(); ++b) memory.deallocate(*b, bytes);
  };
  round();
  for (auto _ : state) round();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(blocks.size()));
}

}  // namespace

void bench::declare(bool) {
  baseline(glibc);
  std::vector<peer> who = block_peers();
  who.push_back(nothing());
  for (const std::size_t bytes : block_sizes) {
    rows("fixed/pair, " + std::to_string(bytes) + " B", who,
         [=](auto& state, subject& s) { pairs(state, *s.memory, bytes); });
  }
  for (const std::size_t bytes : block_sizes) {
    rows("fixed/burst of 256, " + std::to_string(bytes) + " B", who,
         [=](auto& state, subject& s) { bursts(state, *s.memory, bytes); });
  }
}
