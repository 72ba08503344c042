// node_pools_front_end: what of node_pools is inlined into callers: the pool of the CPU, and whether a block is its
// own.
#pragma once

#include <acre/detail/current_cpu.hpp>
#include <acre/detail/owner_map.hpp>
#include <acre/detail/pool_front_end.hpp>
#include <acre/detail/thread_safe_resource.hpp>
#include <acre/export.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace acre::inline v1 {

class node_pools;

namespace detail {

/// The base of node_pools, and of nothing else.
class ACRE_API node_pools_front_end : public thread_safe_resource {
 public:
  node_pools_front_end(const node_pools_front_end&) = delete;
  node_pools_front_end& operator=(const node_pools_front_end&) = delete;

  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
    const unsigned cpu = current_cpu();
    if (cpu < x_cpu_count) [[likely]] {
      // relaxed: all pools were there before anybody could ask.
      pool_front_end* const pool = x_cpus[cpu].pool.load(std::memory_order_relaxed);
      if (pool != nullptr) [[likely]]
        return pool->allocate(bytes, alignment);
    }
    return allocate_slowly(bytes, alignment);
  }
  void deallocate(void* p, std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) noexcept {
    const unsigned cpu = current_cpu();
    if (cpu < x_cpu_count) [[likely]] {
      const cpu_slot& here = x_cpus[cpu];
      // acquire: who sees the owner sees the pool, too.
      if (x_owners.belongs_to(p, here.owner.load(std::memory_order_acquire))) [[likely]]
        return here.pool.load(std::memory_order_relaxed)->deallocate(p, bytes, alignment);
    }
    deallocate_slowly(p, bytes, alignment);
  }

 private:
  friend class acre::node_pools;

  /// What a thread needs to know about the CPU it runs on. A cache line of its own: the count is written by this CPU
  /// only, and only where a block really is foreign, so that it never costs a local free anything, nor CPUs of one
  /// node each other's line as a count per pair of nodes would.
  struct alignas(64) cpu_slot {
    /// Null: the CPU was not online when this was made. Whoever finds out writes the same.
    std::atomic<pool_front_end*> pool{nullptr};
    std::atomic<owner_map::key> owner{owner_map::key()};  ///< of the pool's blocks
    /// relaxed: a statistic, orders nothing. Exchanged, for the thread may have moved on to another CPU meanwhile.
    std::atomic<std::uint64_t> remote_frees{0};
  };

  node_pools_front_end() = default;
  ~node_pools_front_end() override;

  // Never inlined: their registers would have to be saved on the fast path too.
  /// Where the CPU, or its pool, is not known yet.
  [[gnu::noinline]] void* allocate_slowly(std::size_t bytes, std::size_t alignment);
  /// Of blocks of other nodes, of null pointers, and of what is no block.
  [[gnu::noinline]] void deallocate_slowly(void* p, std::size_t bytes, std::size_t alignment) noexcept;

  /// Of the pool that the calling thread's CPU takes from. Where that is not known yet it asks the kernel, and
  /// remembers.
  owner_map::owner owner_here() const noexcept;
  /// Null where the number is beyond all.
  cpu_slot* slot_here() const noexcept;
  void remember(cpu_slot& cpu, owner_map::owner who) const noexcept;

  std::unique_ptr<cpu_slot[]> x_cpus;  ///< by CPU number
  std::size_t x_cpu_count = 0;
  owner_map x_owners;  ///< pools clear their pages in it until they are gone
};

}  // namespace detail
}  // namespace acre::inline v1
