// node_pools_front_end: what of node_pools is inlined into callers: whether the pool of the CPU is at hand, and whether
// a block is that pool's own.
#pragma once

#include <acre/detail/current_cpu.hpp>
#include <acre/detail/owner_map.hpp>
#include <acre/detail/pool_front_end.hpp>
#include <acre/detail/size_class.hpp>
#include <acre/detail/thread_cache.hpp>
#include <acre/detail/thread_safe_resource.hpp>
#include <acre/export.hpp>

#include <cstddef>
#include <cstdint>

namespace acre::inline v1 {

class node_pools;

namespace detail {

/// The base of node_pools, and of nothing else.
class ACRE_API node_pools_front_end : public thread_safe_resource {
 public:
  node_pools_front_end(const node_pools_front_end&) = delete;
  node_pools_front_end& operator=(const node_pools_front_end&) = delete;

  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
    if (!is_small(bytes, alignment)) [[unlikely]]
      return allocate_large(bytes, alignment);
    const size_class c = class_of(bytes, alignment);
    if (enter_pools(x_id) && this_thread.cpu == current_cpu()) [[likely]] {
      cache_bin& bin = this_thread.pools_bins[c];
      if (bin.head != nullptr) [[likely]] {
        void* const p = bin.pop();
        leave();
        return p;
      }
    }
    return allocate_slowly(bytes, alignment);
  }
  void deallocate(void* p, std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) noexcept {
    if (!is_small(bytes, alignment)) [[unlikely]]
      return deallocate_large(p, bytes, alignment);
    const size_class c = class_of(bytes, alignment);
    // Whichever CPU the thread runs on meanwhile: the block goes back to the pool that it is from.
    if (enter_pools(x_id) && x_owners.entry_of(p) == this_thread.own_granule) [[likely]] {
      if (this_thread.pools_bins[c].try_push(p)) [[likely]] {
        leave();
        return;
      }
    }
    deallocate_slowly(p, bytes, alignment);
  }

 private:
  friend class acre::node_pools;
  node_pools_front_end();
  ~node_pools_front_end() override;

  // Never inlined: their registers would have to be saved on the fast path too.
  [[gnu::noinline]] void* allocate_large(std::size_t bytes, std::size_t alignment);
  [[gnu::noinline]] void deallocate_large(void* p, std::size_t bytes, std::size_t alignment) noexcept;
  // The thread is busy when these begin, and no longer when they return or throw.
  /// Where the pool of the CPU is not at hand, or has no block at hand.
  [[gnu::noinline]] void* allocate_slowly(std::size_t bytes, std::size_t alignment);
  /// Of blocks that are not of the pool at hand, of null pointers, and of what is no block.
  [[gnu::noinline]] void deallocate_slowly(void* p, std::size_t bytes, std::size_t alignment) noexcept;

  const std::uint64_t
      x_id;            ///< what threads have at hand is found by it; no pool and no other node_pools has it
  owner_map x_owners;  ///< pools clear their pages in it until they are gone
};

}  // namespace detail
}  // namespace acre::inline v1
