// Producer and consumer: one thread allocates and writes, another reads and frees. The blocks go over in
// batches, so that handing over costs little by itself: see the row that allocates nothing.
#include <array>
#include <atomic>
#include <memory>

#include "peers.hpp"
#include "workloads.hpp"

namespace {

constexpr std::size_t batch_size = 256;

struct message {
  void* at;
  std::size_t bytes;
};
using batch = std::array<message, batch_size>;

/// One writer, one reader; each waits for the other.
class channel {
 public:
  template <class Fill>
  void send(Fill fill) {
    const std::size_t n = x_sent.load(std::memory_order_relaxed);
    wait_until([&] { return n - x_received.load(std::memory_order_acquire) < x_batches.size(); });
    fill(x_batches[n % x_batches.size()]);
    x_sent.store(n + 1, std::memory_order_release);
  }
  /// False once it is closed and empty.
  template <class Use>
  bool receive(Use use) {
    const std::size_t n = x_received.load(std::memory_order_relaxed);
    bool closed = false;
    wait_until([&] {
      closed = x_closed.load(std::memory_order_acquire);
      return closed || x_sent.load(std::memory_order_acquire) != n;
    });
    if (x_sent.load(std::memory_order_acquire) == n) return false;
    use(x_batches[n % x_batches.size()]);
    x_received.store(n + 1, std::memory_order_release);
    return true;
  }
  void wait_until_empty() {
    wait_until(
        [&] { return x_received.load(std::memory_order_acquire) == x_sent.load(std::memory_order_relaxed); });
  }
  void close() { x_closed.store(true, std::memory_order_release); }

 private:
  template <class Condition>
  static void wait_until(Condition met) {
    for (unsigned spins = 0; !met(); ++spins) {
      if (spins % 1024 == 1023) std::this_thread::yield();
    }
  }

  std::array<batch, 16> x_batches{};
  alignas(64) std::atomic<std::size_t> x_sent{0};
  alignas(64) std::atomic<std::size_t> x_received{0};
  alignas(64) std::atomic<bool> x_closed{false};
};

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
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batches * batch_size));
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
