// small_mutex: a mutex of four bytes.
#pragma once

#include <atomic>
#include <cstdint>

namespace acre {

/// Sleeps when it has to wait (futex(2), through std::atomic::wait), so a holder that was preempted stalls nobody's
/// processor. A pool has one for each size class: std::mutex would take ten times the room, and ThreadSanitizer ends
/// programs that hold more than 64 of them, as fork() must. May be held across fork() and unlocked on both sides.
class small_mutex {
 public:
  constexpr small_mutex() noexcept = default;
  small_mutex(const small_mutex&) = delete;
  small_mutex& operator=(const small_mutex&) = delete;

  void lock() noexcept {
    std::uint32_t is = unlocked;
    // Acquire, here and below: sees what the last holder did before its release in unlock().
    if (!x_state.compare_exchange_strong(is, locked, std::memory_order_acquire, std::memory_order_relaxed))
      lock_after_waiting();
  }
  bool try_lock() noexcept {
    std::uint32_t is = unlocked;
    return x_state.compare_exchange_strong(is, locked, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() noexcept {
    if (x_state.exchange(unlocked, std::memory_order_release) == awaited) x_state.notify_one();
  }

 private:
  static constexpr std::uint32_t unlocked = 0;
  static constexpr std::uint32_t locked = 1;
  static constexpr std::uint32_t awaited = 2;  ///< locked, and somebody may be asleep

  void lock_after_waiting() noexcept {
    while (x_state.exchange(awaited, std::memory_order_acquire) != unlocked)
      x_state.wait(awaited, std::memory_order_relaxed);
  }

  std::atomic<std::uint32_t> x_state{unlocked};
};

}  // namespace acre
