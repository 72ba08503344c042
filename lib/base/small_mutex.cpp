#include "base/small_mutex.hpp"

#include "base/fork_handlers.hpp"

namespace acre::inline v1 {

void small_mutex::lock_slowly() noexcept {
  // Relaxed but where the mutex is taken: nothing is read that it guards.
  for (;;) {
    std::uint32_t is = x_state.load(std::memory_order_relaxed);
    if (is == unlocked) {
      // As awaited: there may be others that wait.
      if (x_state.compare_exchange_strong(is, locked | awaited, std::memory_order_acquire,
                                          std::memory_order_relaxed))
        return;
      continue;
    }
    if ((is & held_by_fork) != 0 && is_forking()) return;
    if ((is & awaited) != 0 || x_state.compare_exchange_strong(is, is | awaited, std::memory_order_relaxed)) {
      x_state.wait(is | awaited, std::memory_order_relaxed);
    }
  }
}

void small_mutex::unlock_slowly() noexcept {
  // Only the thread that forks gets here with a mutex that fork holds.
  if ((x_state.load(std::memory_order_relaxed) & held_by_fork) != 0) return;
  if ((x_state.exchange(unlocked, std::memory_order_release) & awaited) != 0) x_state.notify_one();
}

void small_mutex::lock_for_fork() noexcept {
  lock();
  x_state.fetch_or(held_by_fork, std::memory_order_relaxed);
}

void small_mutex::unlock_after_fork() noexcept {
  if ((x_state.load(std::memory_order_relaxed) & held_by_fork) == 0) return;
  if ((x_state.exchange(unlocked, std::memory_order_release) & awaited) != 0) x_state.notify_one();
}

}  // namespace acre::inline v1
