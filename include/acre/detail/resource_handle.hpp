// resource_handle: a pointer to a resource that also tells whether it is a pool, or node_pools.
#pragma once

#include <acre/detail/node_pools_front_end.hpp>
#include <acre/detail/pool_front_end.hpp>
#include <acre/export.hpp>

#include <cstdint>
#include <memory_resource>

namespace acre::inline v1 {

class placement;

namespace detail {

/// As large as a pointer: containers hold one each. The lowest bits, which no resource's address has, tell what it is.
/// Made in the library, so that programs may be compiled without exceptions and run-time type information.
class resource_handle {
 public:
  /// \throws error errc::invalid_argument for a null pointer
  ACRE_API explicit resource_handle(std::pmr::memory_resource* r);
  /// Of resource_for(where).
  ACRE_API explicit resource_handle(const placement& where);

  std::pmr::memory_resource* resource() const noexcept {
    return reinterpret_cast<std::pmr::memory_resource*>(x_bits & ~(a_pool | some_node_pools));
  }
  /// What it is called by where its type is known, without a virtual call; else by memory_resource's functions.
  template <class F>
  decltype(auto) call(F f) const {
    if ((x_bits & a_pool) != 0) [[likely]]
      return f(*static_cast<pool_front_end*>(resource()));
    if ((x_bits & some_node_pools) != 0) [[likely]]
      return f(*static_cast<node_pools_front_end*>(resource()));
    return f(*resource());
  }

 private:
  static constexpr std::uintptr_t a_pool = 1;
  static constexpr std::uintptr_t some_node_pools = 2;
  static_assert(alignof(std::pmr::memory_resource) > 2);

  std::uintptr_t x_bits;
};

}  // namespace detail
}  // namespace acre::inline v1
