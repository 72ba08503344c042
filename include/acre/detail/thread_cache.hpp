// thread_cache: the free blocks a thread keeps for one pool, and the few instructions that take and give them.
#pragma once

#include <acre/detail/owner_map.hpp>
#include <acre/detail/size_class.hpp>
#include <acre/export.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace acre::inline v1::detail {

struct free_block {
  free_block* next;
};

/// One that was collected: see cache_bin::is_collecting().
struct collected_block : free_block {
  std::int64_t count;  ///< of it and those after it
};
static_assert(sizeof(collected_block) <= smallest_class);

/// Free blocks of one class. Owned by a thread; statistics read the counters from others: relaxed atomics that
/// are loaded and stored, never exchanged, order nothing and cost what plain words cost.
struct cache_bin {
  free_block* head = nullptr;
  /// A full list, or none: it keeps alternating pushes and pops from going to the central free list each time. But see
  /// is_collecting().
  free_block* spare = nullptr;
  /// Blocks that were handed out and that came back so far.
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::uint64_t> given{0};
  /// given - taken may grow up to this: then the list at `head` is full, or blocks are collected.
  std::int64_t limit = 0;

  free_block* pop() noexcept {
    free_block* const p = head;
    head = p->next;
    taken.store(taken.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return p;
  }
  std::int64_t surplus() const noexcept {
    return static_cast<std::int64_t>(given.load(std::memory_order_relaxed) -
                                     taken.load(std::memory_order_relaxed));
  }
  bool has_room() const noexcept { return surplus() < limit; }
  /// push() where has_room(), in one: which costs a load less.
  /// \returns false, with nothing changed, if there is no room or p is null
  bool try_push(void* p) noexcept {
    const std::uint64_t so_far = given.load(std::memory_order_relaxed);
    if (p == nullptr || static_cast<std::int64_t>(so_far - taken.load(std::memory_order_relaxed)) >= limit)
        [[unlikely]]
      return false;
    head = ::new (p) free_block{head};
    given.store(so_far + 1, std::memory_order_relaxed);
    return true;
  }
  void push(void* p) noexcept {
    head = ::new (p) free_block{head};
    given.store(given.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  /// A thread that frees blocks of a class, and has allocated none, frees those of other threads, whose blocks lie
  /// beside them. They are collected at `spare`, to be handed on, and the thread itself gets others: or two threads
  /// that were handed neighbours would write to one cache line for ever. Once they make a full list (of classes above
  /// 32 KiB it has one block) it goes on without, which is quicker.
  bool is_collecting() const noexcept { return head == nullptr && surplus() == limit; }
  std::int64_t collected() const noexcept {
    return spare != nullptr ? static_cast<const collected_block*>(spare)->count : 0;
  }
  /// \param full the blocks of a full list
  void collect(void* p, std::int64_t full) noexcept {
    const std::int64_t count = collected() + 1;
    spare = ::new (p) collected_block{{spare}, count};
    given.store(given.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    limit = surplus() + (count < full ? 0 : full);
  }
};

/// What a thread knows without looking anything up.
struct thread_state {
  /// The pool this thread used last; 0: none. Ids are never used again, so a stale one can never match.
  std::atomic<std::uint64_t> pool_id{0};
  cache_bin* bins = nullptr;  ///< of the cache of that pool
  /// True while the thread is inside a pool's functions. A trim() by another thread clears pool_id, makes every
  /// running thread pass a barrier (membarrier(2)), and leaves caches alone whose owner is busy: either it sees
  /// `busy`, or the owner sees the cleared pool_id and waits. Costs two stores; the alternative, a lock, costs
  /// more than the whole operation.
  std::atomic<bool> busy{false};
  /// A trim() may be at this thread's caches: whoever finds pool_id cleared waits until it has gone.
  std::atomic<bool> claimed{false};

  // The node_pools this thread used last, and in it the pool of the node that the thread ran on. Beside the pool above,
  // which frees of other nodes' blocks change.

  unsigned cpu = 0;                        ///< where the thread ran when that node was looked up
  std::atomic<std::uint64_t> pools_id{0};  ///< as pool_id; of pools that end it is cleared, too
  cache_bin* pools_bins = nullptr;         ///< of the cache of the pool of that node
  owner_map::entry own_granule = 0;        ///< what granules are that belong to that pool from end to end
};

#if defined(__SANITIZE_THREAD__)
#define ACRE_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ACRE_THREAD_SANITIZER 1
#endif
#endif
#if defined(ACRE_THREAD_SANITIZER)
// ThreadSanitizer does not know membarrier(2): there both sides are sequentially consistent instead.
inline constexpr auto owner_order = std::memory_order_seq_cst;
#else
inline constexpr auto owner_order = std::memory_order_relaxed;
#endif

/// Initial-exec: an access is one instruction, not a call; 48 bytes of the static block that the loader keeps
/// for libraries opened late.
extern ACRE_API constinit thread_local thread_state this_thread [[gnu::tls_model("initial-exec")]];

/// Marks the calling thread busy.
/// \returns whether the bins at hand are of that pool
inline bool enter(std::uint64_t pool_id) noexcept {
  thread_state& t = this_thread;
  t.busy.store(true, owner_order);
  // Keeps the compiler from reading pool_id first; membarrier(2) does the same to the processor.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return t.pool_id.load(owner_order) == pool_id;
}

/// Marks the calling thread busy.
/// \returns whether pools_bins are of those node_pools; of the CPU's node or of another
inline bool enter_pools(std::uint64_t pools_id) noexcept {
  thread_state& t = this_thread;
  t.busy.store(true, owner_order);
  std::atomic_signal_fence(std::memory_order_seq_cst);  // as in enter()
  return t.pools_id.load(owner_order) == pools_id;
}

/// After enter() said no: looks for the thread's bins of that pool, and has them at hand from now on.
/// \returns whether there are any
ACRE_API bool take_up(std::uint64_t pool_id) noexcept;

/// After enter_pools() said no, or the thread runs on another CPU: looks for the thread's bins of a pool of those
/// node_pools, and has them at hand from now on, as long as it runs on that CPU.
/// \param pool_id of the pool of the CPU's node
/// \param own_granule the owner map's entry of granules of that pool
/// \returns whether there are any
ACRE_API bool take_up_pools(std::uint64_t pools_id, std::uint64_t pool_id, unsigned cpu,
                            owner_map::entry own_granule) noexcept;

/// Release: a trim() that finds the thread idle sees all that it did.
inline void leave() noexcept { this_thread.busy.store(false, std::memory_order_release); }

}  // namespace acre::inline v1::detail
