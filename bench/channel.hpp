// channel: hands blocks from one thread to another, in batches, so that this costs little by itself.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>

namespace bench {

inline constexpr std::size_t batch_size = 256;

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

}  // namespace bench
