// pool_core: what a pool_resource is made of, and how a block gets from one part to the next.
#pragma once

#include <acre/detail/size_class.hpp>
#include <acre/pool_resource.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "pool/block_guard.hpp"
#include "pool/centre.hpp"
#include "pool/page_heap.hpp"
#include "pool/thread_registry.hpp"

namespace acre::inline v1 {

/// thread_cache <- lists -> centre <- spans -> page_heap <- slabs -> page_source.
class pool_core {
 public:
  /// \throws error errc::invalid_argument; std::bad_alloc
  pool_core(std::unique_ptr<page_source> pages, pool_options options);
  pool_core(const pool_core&) = delete;
  pool_core& operator=(const pool_core&) = delete;
  ~pool_core();

  /// Changed by release() and never used again.
  std::uint64_t id() const noexcept { return x_id; }
  const pool_options& options() const noexcept { return x_options; }
  page_heap& heap() noexcept { return x_heap; }
  const page_heap& heap() const noexcept { return x_heap; }
  bool is_guarded() const noexcept { return x_guard.has_value(); }
  /// Of the size classes, those that are in use.
  bool has_class(size_class c) const noexcept { return c < x_classes; }

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

  // For the registry of threads, under its mutex.

  struct links {
    thread_cache* caches = nullptr;
    pool_core* previous = nullptr;
    pool_core* next = nullptr;
    /// Threads that are ending, and giving back what their caches had. More come under the mutex only.
    std::atomic<std::uint32_t> guests{0};
  };
  links& registered() noexcept { return x_links; }
  const links& registered() const noexcept { return x_links; }
  /// Makes the bins of a new cache what this pool wants them to be.
  void prepare(thread_cache& cache) const noexcept;
  /// Lists, linked by the second words of their first blocks.
  struct list_of_lists : free_block {
    list_of_lists* next_list;
  };
  /// Of one class.
  struct reclaimed {
    list_of_lists* full = nullptr;
    list_of_lists* others = nullptr;
  };
  using reclaimed_lists = std::array<reclaimed, detail::class_count>;
  /// Takes all lists out of the cache, whatever their lengths in the same time.
  void take_lists(thread_cache& cache, reclaimed_lists& to) noexcept;
  /// Gives them to the centres. Not under the mutex: it takes time for each block of those that are not full.
  void give(const reclaimed_lists& lists) noexcept;
  /// Remembers what the cache counted, which is about to go.
  void retire(const thread_cache& cache) noexcept;
  // For the fork handlers.
  void lock_for_fork() noexcept;
  void unlock_after_fork() noexcept;
  void forget_other_threads() noexcept { x_heap.forget_other_threads(); }

 private:
  // Relaxed counters, written seldom, that order nothing.
  struct counters {
    std::array<std::atomic<std::uint64_t>, detail::class_count> taken{};
    std::array<std::atomic<std::uint64_t>, detail::class_count> given{};
    std::atomic<std::uint64_t> hits{0};
    std::atomic<std::uint64_t> refills{0};
    std::atomic<std::uint64_t> flushes{0};
  };

  bool is_cached() const noexcept { return x_options.cached != 0; }
  void add_span(size_class c);
  void take_from_idle_threads() noexcept;
  void* allocate_uncached(size_class c);
  void deallocate_uncached(void* p, size_class c) noexcept;
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
  const size_class x_classes;
  std::uint64_t x_id;
  page_heap x_heap;
  std::array<centre, detail::class_count> x_centres;
  std::optional<block_guard> x_guard;
  /// Of caches that are gone, and of blocks that met no cache.
  counters x_counters;
  std::atomic<std::uint64_t> x_trims{0};
  std::atomic<std::uint32_t> x_ages_seen{0};
  links x_links;
};

}  // namespace acre::inline v1
