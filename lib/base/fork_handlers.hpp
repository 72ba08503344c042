// fork_handlers: what the library does when its process forks, in one place.
#pragma once

#include "base/small_mutex.hpp"

namespace acre::inline v1 {

/// Parts of the library that have locks, in the order in which they are taken: who holds one may wait for a later one.
enum class fork_part { resources, pools, areas, plans, ranges };

struct fork_actions {
  void (*lock)() noexcept;    ///< small_mutex::lock_for_fork() for all it has
  void (*unlock)() noexcept;  ///< unlock_after_fork()
  /// In the child, before unlock.
  void (*forget_other_threads)() noexcept = nullptr;
};

/// From now on fork() holds that part still, so that the child finds it whole and unlocked; not a fork that is under
/// way in another thread. So static initialisers call this, before there are other threads, and first uses for those
/// that come earlier still. A second call for the same part does nothing.
/// \param actions of static storage duration
/// \throws std::system_error if the handlers cannot be installed
void hold_in_fork(fork_part part, const fork_actions& actions);

/// hold_in_fork() for a part that has one mutex only.
/// \returns true
template <fork_part Part, small_mutex& Mutex>
bool hold_mutex_in_fork() {
  static constexpr fork_actions actions{.lock = []() noexcept { Mutex.lock_for_fork(); },
                                        .unlock = []() noexcept { Mutex.unlock_after_fork(); }};
  static const bool is_held = (hold_in_fork(Part, actions), true);
  return is_held;
}

/// Whether the calling thread is forking: its prepare handler was here, the handler in parent or child was not yet.
/// Others' handlers, registered before these, run in between (pthread_atfork(3)), while no other thread is inside the
/// library.
bool is_forking() noexcept;

}  // namespace acre::inline v1
