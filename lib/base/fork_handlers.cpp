#include "base/fork_handlers.hpp"

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <system_error>

#include "base/small_mutex.hpp"

namespace acre::inline v1 {
namespace {

constinit std::array<std::atomic<const fork_actions*>, static_cast<std::size_t>(fork_part::ranges) + 1>
    parts{};

/// One fork at a time: glibc runs the handlers of two at once since 2.36 (its bug 24595).
constinit small_mutex forks;
/// 0: nobody. Relaxed: a thread asks only whether it is itself.
constinit std::atomic<pthread_t> forking_thread{};
/// Forks within the handlers of a fork; only forking_thread looks.
constinit unsigned depth = 0;

void before_fork() {
  if (is_forking()) {
    ++depth;
    return;
  }
  forks.lock();
  // Acquire, here and below: sees what the actions are.
  for (const auto& part : parts) {
    if (const fork_actions* const actions = part.load(std::memory_order_acquire)) actions->lock();
  }
  forking_thread.store(pthread_self(), std::memory_order_relaxed);
}

// Parts that came while others' handlers ran were not locked: to unlock them does nothing.
void unlock_all() noexcept {
  for (std::size_t i = parts.size(); i-- != 0;) {
    if (const fork_actions* const actions = parts[i].load(std::memory_order_acquire)) actions->unlock();
  }
  depth = 0;
  forking_thread.store(pthread_t{}, std::memory_order_relaxed);
  forks.unlock();
}

// Where the handlers were installed by a prepare handler of this very fork, there was no before_fork(): is_forking()
// says so below.

void after_fork_in_parent() {
  if (!is_forking()) return;
  if (depth == 0) return unlock_all();
  --depth;
}

// Nobody else is here, so even a child that was forked in a handler needs no locks held from now on.
void after_fork_in_child() {
  if (!is_forking()) return;
  for (const auto& part : parts) {
    const fork_actions* const actions = part.load(std::memory_order_acquire);
    if (actions != nullptr && actions->forget_other_threads != nullptr) actions->forget_other_threads();
  }
  unlock_all();
}

}  // namespace

bool is_forking() noexcept {
  return pthread_equal(forking_thread.load(std::memory_order_relaxed), pthread_self()) != 0;
}

void hold_in_fork(fork_part part, const fork_actions& actions) {
  static const int failed = pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child);
  if (failed != 0) throw std::system_error(failed, std::system_category(), "pthread_atfork");
  parts.at(static_cast<std::size_t>(part)).store(&actions, std::memory_order_release);
}

}  // namespace acre::inline v1
