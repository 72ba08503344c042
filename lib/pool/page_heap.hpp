// page_heap: spans and large blocks of a pool, out of slabs and mappings that stay for the next one.
#pragma once

#include <acre/locate.hpp>
#include <acre/pool_resource.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/small_mutex.hpp"
#include "pool/mapping_store.hpp"
#include "pool/page_source.hpp"
#include "pool/retained_limit.hpp"
#include "pool/slab.hpp"
#include "pool/slab_index.hpp"

namespace acre::inline v1 {

/// What is done under the lock takes a time that grows with the logarithm of the number of slabs and mappings; only
/// slabs(), resident() and release() go through all.
/// \safety all functions from any thread, but for the destructor and release(). The lock is never held while upstream
///   is called, which may call back (a by_page function that allocates).
class page_heap {
 public:
  page_heap(std::unique_ptr<page_source> pages, const pool_options& options);
  page_heap(const page_heap&) = delete;
  page_heap& operator=(const page_heap&) = delete;
  ~page_heap() { release(); }

  // Blocks beyond the size classes. Zero bytes are one.

  /// \throws what upstream throws
  void* allocate(std::size_t bytes, std::size_t alignment);
  void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept;
  std::size_t good_size(std::size_t bytes, std::size_t alignment) const noexcept;

  // Spans: runs of units that are divided into blocks of a class.

  /// \throws what upstream throws
  void* allocate_span(std::size_t units);
  void deallocate_span(void* p, std::size_t units) noexcept;
  /// All slabs there are now, for looking up spans of blocks. They stay while hold_slabs()'s result lives.
  std::vector<slab*> slabs() const;
  std::unique_lock<small_mutex> hold_slabs() noexcept { return std::unique_lock(x_slabs_stay); }

  /// Gives back what is free. \returns bytes that may have had pages
  std::size_t trim() noexcept;
  /// Gives everything back.
  void release() noexcept;

  /// How many times what is free grew older by pool_options::decay.
  std::uint32_t ages() const noexcept { return x_ages.load(std::memory_order_relaxed); }
  /// Fills in what the heap knows.
  void add_to(pool_statistics& s) const;
  void reset_peak() noexcept;
  residency resident() const;
  page_source& pages() const noexcept { return *x_pages; }

  // For the fork handlers.
  void lock_for_fork() noexcept;
  void unlock_after_fork() noexcept;
  void forget_other_threads() noexcept;

 private:
  /// Units whose pages are made, or put right, at once.
  static constexpr std::size_t commit_window = (std::size_t{2} << 20) / unit_bytes;

  /// Which free pages to give back, and how many bytes at most.
  struct purge_plan {
    bool only_old = false;
    std::size_t most = SIZE_MAX;
    /// Rather nothing is done than waited for a trim(), which goes through all blocks.
    bool in_passing = false;
  };

  bool is_extent(std::size_t bytes, std::size_t alignment) const noexcept;
  std::size_t mapping_bytes(std::size_t bytes) const noexcept;
  bool may_be_block(const mapping_store::mapping& m, std::size_t bytes) const noexcept;

  enum class use { span, block };
  /// A run of units that were taken; null if there were none.
  struct taken {
    void* p = nullptr;
    slab* from = nullptr;
    bool bare = false;       ///< some have no pages yet
    bool displaced = false;  ///< some may have pages, or a policy, that migrate() left
  };
  void* take_units(std::size_t units, std::size_t alignment, use what);
  /// \returns false, with nothing changed, where p is no such run
  [[nodiscard]] bool give_units(const void* p, std::size_t units, use what) noexcept;
  // Under the lock.
  taken try_take_units(std::size_t units, std::size_t alignment, use what) noexcept;
  std::size_t begin_slab() noexcept;
  void count_use(std::size_t bytes) noexcept;
  void count_arrival(std::size_t bytes) noexcept;
  void count_slab_arrival(std::size_t units) noexcept;
  void count_block(std::size_t bytes) noexcept;
  void count_end(std::size_t bytes, use what) noexcept;
  // Without it.
  taken take_of_new_slab(std::size_t units, std::size_t alignment, use what, std::size_t wanted);
  std::unique_ptr<slab> map_slab(std::size_t units, std::size_t alignment, std::size_t wanted);
  std::unique_ptr<slab> try_map_slab(std::size_t bytes);
  void make_ready(const taken& run, std::size_t units);
  bool put_right(slab& s, void* p, std::size_t units);
  void put_right_part(slab& s, const slab::run& part);
  small_mutex& committing(const slab& s, const slab::run& r) noexcept;
  void commit(slab& s, void* p, std::size_t units);
  void commit_part(slab& s, const slab::run& part);
  std::unique_ptr<mapping_store::mapping> map_block(std::size_t bytes, std::size_t alignment);
  void* allocate_mapping(std::size_t bytes, std::size_t alignment);
  void deallocate_mapping(void* p, std::size_t bytes) noexcept;
  void unmap(mapping_store::mapping& m) noexcept;
  void unmap(slab& s) noexcept;
  void give_up(owned_range& range, void* p, std::size_t bytes) noexcept;

  /// \throws allocation_error errc::pool_limit
  [[noreturn]] void fail_limit(std::size_t bytes) const;
  bool is_beyond_limit(std::size_t bytes) const noexcept {
    return bytes > x_most - std::min(x_most, x_used + x_coming);
  }
  std::size_t most_retained() const noexcept {
    const std::size_t own = std::min(x_retained, x_most - std::min(x_most, x_used + x_coming));
    return std::min(own, x_share.allowed(retained_bytes()));
  }
  std::size_t retained_bytes() const noexcept { return x_dirty_units * unit_bytes + x_mappings.kept_bytes(); }
  /// What is to be done about free memory: nothing, mostly. Under the lock.
  struct chores {
    bool purge = false;  ///< more is retained than may be
    bool age = false;
  };
  std::size_t excess() const noexcept;
  chores look_for_chores() noexcept;
  void tend(const chores& c) noexcept;
  void do_chores(const chores& c) noexcept;
  std::unique_lock<small_mutex> hold_slabs_for(purge_plan plan) noexcept;
  std::size_t drop_mappings(purge_plan plan) noexcept;
  struct purged {
    std::size_t bytes = 0;
    bool refused = false;  ///< all pages seem to be locked
  };
  purged purge(purge_plan plan) noexcept;
  purged purge_slabs(purge_plan plan) noexcept;
  std::size_t purge_slab(slab& s, purge_plan plan, unsigned& refusals) noexcept;
  std::size_t discard(slab& s, const slab::run& r, unsigned& refusals) noexcept;
  void age_slabs() noexcept;
  std::size_t unmap_empty_slabs(purge_plan plan) noexcept;

  const std::unique_ptr<page_source> x_pages;
  const page_reuse x_reuse;
  const std::size_t x_largest_extent;
  const std::size_t x_most;  ///< in use
  const std::size_t x_retained;
  const std::int64_t x_decay;  ///< milliseconds

  std::atomic<std::uint32_t> x_ages{0};  ///< relaxed: orders nothing
  /// Somebody gives memory back in passing. No lock, for fork would wait for it: upstream is called meanwhile, and
  /// may have to wait for locks that its own fork handlers hold.
  std::atomic<bool> x_is_tended = false;
  small_mutex x_slabs_stay;  ///< locked before x_mutex by who removes slabs
  /// Each locked before x_mutex by who makes the pages of a part of a slab, or puts them right, so that nobody has a
  /// page there that is given back because others did not come.
  std::array<small_mutex, 16> x_committing;
  mutable small_mutex x_mutex;  ///< guards all below
  slab_index x_slabs;
  mapping_store x_mappings;
  unsigned x_coming_slabs = 0;  ///< being mapped
  /// Bytes to be used of those, and of mappings: nobody else is to find that room below the limit.
  std::size_t x_coming = 0;
  std::int64_t x_next_age;  ///< milliseconds
  std::size_t x_stuck = 0;  ///< retained bytes up to which purging was in vain
  std::size_t x_dirty_units = 0;
  retained_share x_share;
  std::size_t x_slab_bytes = 0;
  std::size_t x_used = 0;  ///< bytes
  std::size_t x_peak = 0;
  std::size_t x_blocks = 0;  ///< live large ones
  std::size_t x_block_bytes = 0;
  std::uint64_t x_allocations = 0;  ///< of large blocks
  std::uint64_t x_deallocations = 0;
};

inline void page_heap::count_use(std::size_t bytes) noexcept {
  x_used += bytes;
  x_peak = std::max(x_peak, x_used);
}

inline void page_heap::count_block(std::size_t bytes) noexcept {
  ++x_blocks;
  ++x_allocations;
  x_block_bytes += bytes;
}

inline void page_heap::count_end(std::size_t bytes, use what) noexcept {
  x_used -= bytes;
  if (what == use::span) return;
  --x_blocks;
  ++x_deallocations;
  x_block_bytes -= bytes;
}

}  // namespace acre::inline v1
