// robust_mutex: a mutex in memory that processes share, which outlives the death of its holder.
#pragma once

#include <pthread.h>

#include <chrono>

namespace acre::sys {

/// What came of asking for a robust mutex.
enum class lock_outcome {
  locked,
  owner_died,  ///< locked; the last holder ended inside, what the mutex guards may be half changed
  timed_out,
  unrecoverable,  ///< not locked: a holder found what the dead one left beyond repair
  unusable,       ///< not locked: these bytes are no such mutex
};

/// PTHREAD_MUTEX_ROBUST, PTHREAD_PROCESS_SHARED (pthread_mutexattr_setrobust(3)). The kernel lets go of it when the
/// thread that holds it ends, however it ends. Never constructed: it is made out of zeroes by prepare().
///
/// \safety any thread of any process that maps it. fork: the child does not hold what threads of the parent hold; it
///   waits for them like anybody else.
class robust_mutex {
 public:
  /// Makes a mutex out of zero bytes. Any number of processes may do so at once, also while others hold it already:
  /// a new mutex differs from zeroes only in words that locking does not change, and everybody writes the same there.
  /// \returns false if other bytes are there
  bool prepare() noexcept;
  /// Whether prepare() has been here.
  bool is_prepared() const noexcept;

  lock_outcome lock() noexcept;
  lock_outcome lock(std::chrono::milliseconds at_most) noexcept;
  /// After owner_died, when all is repaired. A holder that unlocks without makes the mutex unrecoverable.
  void repaired() noexcept;
  void unlock() noexcept;

 private:
  pthread_mutex_t x_mutex;
};

}  // namespace acre::sys
