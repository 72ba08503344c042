#include "pool/pools_in_fork.hpp"

#include <mutex>

#include "base/fork_handlers.hpp"
#include "base/small_mutex.hpp"
#include "pool/cached_pool.hpp"

namespace acre::inline v1 {

/// Under cached_pool::mutex().
struct known_pools {
  static constinit pool_in_fork* first;

  template <class F>
  static void for_each(F f) noexcept {
    for (pool_in_fork* p = first; p != nullptr; p = p->x_next) f(*p);
  }
  // Only fork holds more than one pool's mutexes, and there is one fork at a time: their order does not matter.
  static void lock() noexcept {
    cached_pool::mutex().lock_for_fork();
    for_each([](pool_in_fork& p) { p.lock_for_fork(); });
  }
  static void unlock() noexcept {
    for_each([](pool_in_fork& p) { p.unlock_after_fork(); });
    cached_pool::mutex().unlock_after_fork();
  }
  static void forget_other_threads() noexcept {
    for_each([](pool_in_fork& p) { p.forget_other_threads(); });
  }
};

constinit pool_in_fork* known_pools::first = nullptr;

namespace {

constexpr fork_actions pools_fork_actions{.lock = known_pools::lock,
                                          .unlock = known_pools::unlock,
                                          .forget_other_threads = known_pools::forget_other_threads};

bool hold_pools_in_fork() {
  static const bool is_held = (hold_in_fork(fork_part::pools, pools_fork_actions), true);
  return is_held;
}
[[maybe_unused]] const bool pools_are_held_from_the_start = hold_pools_in_fork();

}  // namespace

void pool_in_fork::be_held_in_fork() {
  hold_pools_in_fork();
  const std::lock_guard guard(cached_pool::mutex());
  // Made by somebody's fork handler: fork() holds it too, or the child might find it locked by another thread.
  if (is_forking()) lock_for_fork();
  x_next = known_pools::first;
  if (x_next != nullptr) x_next->x_previous = this;
  known_pools::first = this;
}

void pool_in_fork::be_forgotten_by_fork() noexcept {
  const std::lock_guard guard(cached_pool::mutex());
  if (x_next != nullptr) x_next->x_previous = x_previous;
  (x_previous != nullptr ? x_previous->x_next : known_pools::first) = x_next;
}

}  // namespace acre::inline v1
