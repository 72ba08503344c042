// pool_core: what a pool_resource is made of, and how a block gets from one part to the next.
#pragma once

#include <acre/detail/size_class.hpp>
#include <acre/pool_resource.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "pool/block_guard.hpp"
#include "pool/cached_pool.hpp"
#include "pool/page_heap.hpp"
#include "pool/pools_in_fork.hpp"

namespace acre::inline v1 {

/// The way of a small block: thread_cache <- lists -> central_free_list <- spans -> page_heap <- slabs -> page_source.
///
/// Includes, and what a part knows of another, go one way: pool_resource and node_pools -> pool_core -> thread_caches
/// and pools_in_fork -> cached_pool -> central_free_list -> span_census -> page_heap -> slab_index and mapping_store
/// -> slab -> run_map -> bit_map; page_heap -> page_source; pool_core -> block_guard -> poison.
class pool_core final : private pool_in_fork {
 public:
  /// \throws error errc::invalid_argument; std::bad_alloc
  pool_core(std::unique_ptr<page_source> pages, pool_options options);
  ~pool_core();

  /// Changed by release() and never used again.
  std::uint64_t id() const noexcept { return x_small.id(); }
  const pool_options& options() const noexcept { return x_options; }
  page_heap& heap() noexcept { return x_heap; }
  const page_heap& heap() const noexcept { return x_heap; }
  bool is_guarded() const noexcept { return x_guard.has_value(); }
  /// Of the size classes, those that are in use.
  bool has_class(size_class c) const noexcept { return x_small.has_class(c); }

  // The calling thread is busy (detail::enter) when these begin, and no longer when they return or throw.
  void* allocate_small(size_class c);
  void deallocate_small(void* p, size_class c) noexcept;

  /// A block beyond the size classes.
  void* allocate_large(std::size_t bytes, std::size_t alignment);

  // Any block, without caches, under the eyes of the guard.
  void* allocate_guarded(std::size_t bytes, std::size_t alignment);
  void deallocate_guarded(void* p, std::size_t bytes, std::size_t alignment) noexcept;

  std::size_t good_size(std::size_t bytes, std::size_t alignment) const noexcept;
  void release();
  std::size_t trim();
  pool_statistics statistics() const;

 private:
  void lock_for_fork() noexcept override;
  void unlock_after_fork() noexcept override;
  void forget_other_threads() noexcept override;

  void add_span(size_class c);
  void take_from_idle_threads() noexcept;
  void* allocate_uncached(size_class c);
  void deallocate_raw(const block_guard::block& b) noexcept;
  /// What is really taken for a block.
  std::size_t guarded_bytes(std::size_t bytes, std::size_t alignment) const noexcept;
  /// What good_size() is without a guard.
  std::size_t block_bytes(std::size_t bytes, std::size_t alignment) const noexcept;
  std::size_t free_empty_spans();
  bool reclaim();
  void wake_all() noexcept;
  /// Once more after reclaim(), if upstream has no more.
  template <class Allocate>
  void* try_twice(Allocate allocate);

  const pool_options x_options;
  page_heap x_heap;
  cached_pool x_small;
  std::optional<block_guard> x_guard;
  std::atomic<std::uint64_t> x_trims{0};
  std::atomic<std::uint32_t> x_ages_seen{0};
};

}  // namespace acre::inline v1
