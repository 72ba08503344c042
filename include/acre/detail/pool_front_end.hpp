// pool_front_end: what of a pool_resource is inlined into callers, without the headers that the rest of it needs.
#pragma once

#include <acre/detail/size_class.hpp>
#include <acre/detail/thread_cache.hpp>
#include <acre/detail/thread_safe_resource.hpp>
#include <acre/export.hpp>

#include <cstddef>
#include <cstdint>

namespace acre::inline v1 {

class pool_resource;

namespace detail {

class node_pools_front_end;

/// The base of pool_resource, and of nothing else.
class ACRE_API pool_front_end : public thread_safe_resource {
 public:
  pool_front_end(const pool_front_end&) = delete;
  pool_front_end& operator=(const pool_front_end&) = delete;

  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
    if (!is_small(bytes, alignment)) [[unlikely]]
      return allocate_large(bytes, alignment);
    const size_class c = class_of(bytes, alignment);
    if (enter(x_id)) [[likely]] {
      cache_bin& bin = this_thread.bins[c];
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
    if (enter(x_id)) [[likely]] {
      if (this_thread.bins[c].try_push(p)) [[likely]] {
        leave();
        return;
      }
    }
    deallocate_slowly(p, bytes, alignment);
  }

 private:
  friend class acre::pool_resource;
  friend class node_pools_front_end;
  pool_front_end() noexcept = default;
  ~pool_front_end() override;

  // Never inlined: their registers would have to be saved on the fast path too.
  [[gnu::noinline]] void* allocate_large(std::size_t bytes, std::size_t alignment);
  [[gnu::noinline]] void deallocate_large(void* p, std::size_t bytes, std::size_t alignment) noexcept;
  // The thread is busy when these begin, and no longer when they return or throw.
  [[gnu::noinline]] void* allocate_slowly(std::size_t bytes, std::size_t alignment);
  [[gnu::noinline]] void deallocate_slowly(void* p, std::size_t bytes, std::size_t alignment) noexcept;

  std::uint64_t x_id = 0;  ///< caches are found by it; changed by release()
};

}  // namespace detail
}  // namespace acre::inline v1
