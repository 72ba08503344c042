// Producer and consumer: one thread allocates and writes, another reads and frees. The blocks go over in
// batches, so that handing over costs little by itself: see the row that allocates nothing.
#include <memory>

#include "channel.hpp"
#include "peers.hpp"
#include "workloads.hpp"

namespace {

using bench::batch;
using bench::channel;
using bench::message;

void hand_over(benchmark::State& state, std::pmr::memory_resource& memory, bench::size_range sizes) {
  constexpr std::size_t batches = 64;
  const auto line = std::make_unique<channel>();
  const std::jthread consumer([&] {
    const auto use = [&](batch& messages) {
      for (const message& m : messages) {
        benchmark::DoNotOptimize(*static_cast<void* volatile*>(m.at));
        memory.deallocate(m.at, m.bytes);
      }
    };
    while (line->receive(use)) {
    }
  });
  // Before the consumer's end is waited for, whatever happens here.
  const std::unique_ptr<channel, void (*)(channel*)> closing(line.get(), [](channel* c) { c->close(); });
  bench::random_numbers random(1);
  const auto fill = [&](batch& messages) {
    for (message& m : messages) {
      m.bytes = sizes(random);
      m.at = memory.allocate(m.bytes);
      bench::write_a_word(m.at);
    }
  };
  const auto round = [&] {
    for (std::size_t i = 0; i != batches; ++i) line->send(fill);
    line->wait_until_empty();
  };
  round();
  for (auto _ : state) round();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batches * bench::batch_size));
}

}  // namespace

void bench::declare(bool) {
  baseline(glibc);
  std::vector<peer> who = block_peers(2);
  who.push_back(nothing());
  const auto by_the_clock = [](auto* b) { b->UseRealTime(); };
  const auto with = [](size_range sizes) {
    return [=](auto& state, subject& s) { hand_over(state, *s.memory, sizes); };
  };
  rows("handover/64 B", who, with({64, 64}), by_the_clock);
  rows("handover/random sizes", who, with(object_sizes), by_the_clock);
}
