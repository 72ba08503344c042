// pools_in_fork: all pools of the process, which fork() holds still, so that the child can use them.
#pragma once

namespace acre::inline v1 {

/// Base of a pool. The fork handlers know the pool from the end of its constructor until its destructor has
/// ended the threads' caches.
/// \safety functions that are called from others than the fork handlers: any thread
class pool_in_fork {
 public:
  pool_in_fork(const pool_in_fork&) = delete;
  pool_in_fork& operator=(const pool_in_fork&) = delete;

 protected:
  pool_in_fork() = default;
  ~pool_in_fork() = default;
  /// The last that a constructor does. Installs the fork handlers with the first pool.
  /// \throws std::system_error if they cannot be installed
  void be_held_in_fork();
  /// As soon as no thread has a cache of the pool.
  void be_forgotten_by_fork() noexcept;

 private:
  friend struct known_pools;

  // Called by the thread that forks, which has cached_pool::mutex(). Another one may be within release() or the
  // destructor: they touch locks, and what only the mutex guards.

  /// Locks all that the pool has.
  virtual void lock_for_fork() noexcept = 0;
  virtual void unlock_after_fork() noexcept = 0;
  /// In the child, before it unlocks.
  virtual void forget_other_threads() noexcept = 0;

  pool_in_fork* x_previous = nullptr;
  pool_in_fork* x_next = nullptr;
};

}  // namespace acre::inline v1
