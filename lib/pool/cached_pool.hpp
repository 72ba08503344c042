// cached_pool: the small blocks of a pool that are free: in threads' caches, and in the central free lists behind them.
#pragma once

#include <acre/detail/thread_cache.hpp>
#include <acre/pool_resource.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "base/small_mutex.hpp"
#include "pool/central_free_list.hpp"

namespace acre::inline v1 {

class cached_pool;

/// A thread's free blocks of one pool; in cache lines of its own.
struct alignas(64) thread_cache {
  std::array<detail::cache_bin, detail::class_count> bins;
  // Written by the owner, read by statistics: they order nothing.
  std::atomic<std::uint64_t> refills{0};
  std::atomic<std::uint64_t> flushes{0};

  std::uint64_t pool_id = 0;
  detail::thread_state* owner = nullptr;
  /// Counts the owner's caches whose pools are gone.
  std::atomic<std::size_t>* dead_of_owner = nullptr;
  /// Changed under cached_pool::mutex(). Null when the pool is gone: from then on the cache is its owner's alone, who
  /// deletes it some day.
  std::atomic<cached_pool*> pool{nullptr};

  /// Grows with each block that is taken or given.
  std::uint64_t used() const noexcept {
    std::uint64_t n = 0;
    for (const detail::cache_bin& b : bins)
      n += b.taken.load(std::memory_order_relaxed) + b.given.load(std::memory_order_relaxed);
    return n;
  }
  // Under cached_pool::mutex():
  std::uint64_t used_before = 0;  ///< used(), when reclaim_idle_caches() last looked
  bool is_idle = false;           ///< it found that nothing was used since
  bool is_reclaimed = false;      ///< all was taken out since
  thread_cache* previous = nullptr;
  thread_cache* next = nullptr;
};

/// For pools, and what threads have at hand besides: above 0, and never given again.
std::uint64_t next_pool_id() noexcept;

/// Knows its caches, but nothing of threads that ask for one (thread_caches) or end (thread_exit), and nothing of
/// spans.
/// \safety all functions from any thread, but for the destructor and clear()
class cached_pool {
 public:
  /// \param classes how many of the size classes are in use, from the smallest on
  /// \param cached pool_options::cached
  cached_pool(size_class classes, std::size_t cached) noexcept;
  cached_pool(const cached_pool&) = delete;
  cached_pool& operator=(const cached_pool&) = delete;
  /// After end_caches().
  ~cached_pool() = default;

  /// Changed by clear() and never used again, by any pool.
  std::uint64_t id() const noexcept { return x_id; }
  bool has_class(size_class c) const noexcept { return c < x_classes; }
  /// Whether threads have caches of this pool.
  bool is_cached() const noexcept { return x_is_cached; }

  central_free_list& list(size_class c) noexcept { return x_lists[c]; }
  std::array<central_free_list, detail::class_count>& lists() noexcept { return x_lists; }

  // A block that meets a cache, whose owner calls and is busy.

  /// Gives a bin whose list is empty another one.
  /// \returns false if there is none: a span is needed
  bool refill(thread_cache& cache, size_class c) noexcept;
  void put(void* p, thread_cache& cache, size_class c) noexcept;

  // A block that meets no cache.

  /// Null: a span is needed.
  void* take_uncached(size_class c) noexcept;
  void give_uncached(void* p, size_class c) noexcept;

  // Caches' beginnings and ends.

  /// One mutex for all pools, for what happens seldom: beginnings and ends of caches and pools, trim(), statistics,
  /// fork. No block is touched under it but the first of a list.
  static small_mutex& mutex() noexcept { return x_mutex; }
  /// Makes the bins of a new cache what this pool wants them to be.
  void prepare(thread_cache& cache) const noexcept;
  /// Under the mutex.
  void add(thread_cache& cache) noexcept;

  struct reclaimed_lists;
  /// Under the mutex: takes a cache away whose thread ends, with all lists in it. The thread counts as leaving until
  /// has_left(), and give() comes in between.
  void remove(thread_cache& cache, reclaimed_lists& to) noexcept;
  /// Gives lists to the central ones. Not under the mutex: it takes time for each block of those that are not full.
  void give(const reclaimed_lists& lists) noexcept;
  void has_left() noexcept;
  /// Until no thread is leaving. Those that are wait for nothing but the central lists' locks.
  void wait_for_leaving_threads() const noexcept;

  /// All caches are dead from now on, and their blocks are not given back. Waits for threads that are leaving.
  void end_caches() noexcept;
  /// Forgets all blocks; what was handed out counts as given back. Under another id from now on.
  void clear() noexcept;

  // What threads' caches hold is taken out by others.

  /// Takes what the caches have, of threads that are not inside a pool's functions, and gives it to the central
  /// lists. The caller must not be inside. Other threads with a cache of the pool find no pool at hand once, and may
  /// have to wait until all lists are taken out: a few microseconds for each cache.
  void reclaim_caches() noexcept;
  /// Does so for caches that were not used since this was last called.
  void reclaim_idle_caches() noexcept;

  /// Fills in what threads and central lists have counted.
  void add_to(pool_statistics& s) const;

  // For the fork handlers. The mutex is theirs to lock.
  void lock_for_fork() noexcept;
  void unlock_after_fork() noexcept;
  void forget_other_threads() noexcept;

 private:
  // Relaxed counters, written seldom, that order nothing.
  struct counters {
    std::array<std::atomic<std::uint64_t>, detail::class_count> taken{};
    std::array<std::atomic<std::uint64_t>, detail::class_count> given{};
    std::atomic<std::uint64_t> hits{0};
    std::atomic<std::uint64_t> refills{0};
    std::atomic<std::uint64_t> flushes{0};
  };

  void unlink(thread_cache& cache) noexcept;
  void take_lists(thread_cache& cache, reclaimed_lists& to) noexcept;
  template <class Wanted>
  void take_lists_of(reclaimed_lists& to, Wanted is_wanted) noexcept;
  /// Remembers what the cache counted, which is about to go.
  void retire(const thread_cache& cache) noexcept;

  static small_mutex x_mutex;

  const size_class x_classes;
  const bool x_is_cached;
  std::uint64_t x_id;
  std::array<central_free_list, detail::class_count> x_lists;
  thread_cache* x_caches = nullptr;  ///< under the mutex
  /// Threads that are ending, and giving back what their caches had. More come under the mutex only.
  std::atomic<std::uint32_t> x_leaving{0};
  /// Of caches that are gone, and of blocks that met no cache.
  counters x_counters;
};

/// What was taken out of caches, whatever its length in the same time: lists, linked by the second words of their first
/// blocks.
struct cached_pool::reclaimed_lists {
  struct list_of_lists : free_block {
    list_of_lists* next_list;
  };
  struct of_class {
    list_of_lists* full = nullptr;
    list_of_lists* others = nullptr;
  };
  std::array<of_class, detail::class_count> classes{};
};

}  // namespace acre::inline v1
