// thread_registry: which thread has caches of which pool, from a cache's birth to the end of its thread or pool.
#pragma once

#include <acre/detail/thread_cache.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/small_mutex.hpp"

namespace acre::inline v1 {

class pool_core;
class thread_caches;

/// A thread's free blocks of one pool; in cache lines of its own.
struct alignas(64) thread_cache {
  std::array<detail::cache_bin, detail::class_count> bins;
  // Written by the owner, read by statistics: they order nothing.
  std::atomic<std::uint64_t> refills{0};
  std::atomic<std::uint64_t> flushes{0};

  std::uint64_t pool_id = 0;
  detail::thread_state* owner = nullptr;
  thread_caches* home = nullptr;
  /// Changed under the registry's mutex. Null when the pool is gone: from then on the cache is its owner's alone, who
  /// deletes it some day.
  std::atomic<pool_core*> pool{nullptr};

  /// Grows with each block that is taken or given.
  std::uint64_t used() const noexcept {
    std::uint64_t n = 0;
    for (const detail::cache_bin& b : bins)
      n += b.taken.load(std::memory_order_relaxed) + b.given.load(std::memory_order_relaxed);
    return n;
  }
  // Under the registry's mutex:
  std::uint64_t used_before = 0;  ///< used(), when reclaim_idle_caches() last looked
  bool is_idle = false;           ///< it found that nothing was used since
  bool is_reclaimed = false;      ///< all was taken out since
  thread_cache* previous = nullptr;
  thread_cache* next = nullptr;
};

/// One mutex, for what happens seldom: caches' and pools' beginnings and ends, trim(), statistics, fork. No block is
/// touched under it but the first of a list.
/// \safety all functions from any thread
namespace thread_registry {

/// Makes a pool known, and installs the fork handlers with the first.
/// \throws std::system_error if they cannot be installed
void add(pool_core& pool);
/// Forgets a pool. Its caches are dead from now on: their blocks are not given back. Waits for threads that are ending, and
/// giving theirs back.
void remove(pool_core& pool) noexcept;

/// The calling thread's cache of the pool, from now on at hand in this_thread. The thread is busy (detail::enter) before
/// and after.
/// \returns null if there can be none: the thread's thread-local objects are destroyed already, or there is no memory
thread_cache* cache_of(pool_core& pool) noexcept;

/// Takes what the caches of the pool have, of threads that are not inside a pool's functions, and gives it to the
/// centres. The caller must not be inside. Other threads with a cache of the pool find no pool at hand once, and may have
/// to wait until all lists are taken out: a few microseconds for each cache.
void reclaim_caches(pool_core& pool) noexcept;
/// The same for caches that were not used since the last call of this.
void reclaim_idle_caches(pool_core& pool) noexcept;

/// While it is held, caches of all pools neither begin nor end.
[[nodiscard]] std::unique_lock<small_mutex> hold() noexcept;

/// A number that no pool had before.
std::uint64_t next_pool_id() noexcept;

}  // namespace thread_registry
}  // namespace acre::inline v1
