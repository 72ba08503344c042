// small_mutex: a mutex of four bytes that fork() can hold.
#pragma once

#include <atomic>
#include <cstdint>

namespace acre::inline v1 {

/// Sleeps when it has to wait (futex(2), through std::atomic::wait), so a holder that was preempted stalls nobody's
/// processor. A pool has one for each size class: std::mutex would take ten times the room, and ThreadSanitizer ends
/// programs that hold more than 64 of them, as fork() must.
///
/// While a thread forks, it holds all mutexes that fork_handlers.hpp knows of, and others' fork handlers run in it,
/// which may allocate. To that thread such a mutex is open: lock() and unlock() return at once and change nothing.
class small_mutex {
 public:
  constexpr small_mutex() noexcept = default;
  small_mutex(const small_mutex&) = delete;
  small_mutex& operator=(const small_mutex&) = delete;

  void lock() noexcept {
    std::uint32_t is = unlocked;
    // Acquire, here and below: sees what the last holder did before its release in unlock().
    if (!x_state.compare_exchange_strong(is, locked, std::memory_order_acquire, std::memory_order_relaxed))
      lock_slowly();
  }
  /// False also for the thread that forks.
  bool try_lock() noexcept {
    std::uint32_t is = unlocked;
    return x_state.compare_exchange_strong(is, locked, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() noexcept {
    std::uint32_t is = locked;
    if (!x_state.compare_exchange_strong(is, unlocked, std::memory_order_release, std::memory_order_relaxed))
      unlock_slowly();
  }

  /// For fork's prepare handler, or while the calling thread forks.
  void lock_for_fork() noexcept;
  /// For its handlers in parent and child. Nothing where fork does not hold the mutex: whoever does keeps it.
  void unlock_after_fork() noexcept;

 private:
  static constexpr std::uint32_t unlocked = 0;
  static constexpr std::uint32_t locked = 1;
  static constexpr std::uint32_t awaited = 2;       ///< with locked: somebody may be asleep
  static constexpr std::uint32_t held_by_fork = 4;  ///< with locked

  void lock_slowly() noexcept;
  void unlock_slowly() noexcept;

  std::atomic<std::uint32_t> x_state{unlocked};
};

}  // namespace acre::inline v1
