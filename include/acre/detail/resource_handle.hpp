// resource_handle: a pointer to a resource that also tells whether it is a pool.
#pragma once

#include <acre/detail/pool_front_end.hpp>
#include <acre/export.hpp>

#include <cstdint>
#include <memory_resource>

namespace acre::inline v1 {

class placement;

namespace detail {

/// As large as a pointer: containers hold one each. The lowest bit, which no resource's address has, tells a pool.
/// Made in the library, so that programs may be compiled without exceptions and run-time type information.
class resource_handle {
 public:
  /// \throws error errc::invalid_argument for a null pointer
  ACRE_API explicit resource_handle(std::pmr::memory_resource* r);
  /// Of resource_for(where).
  ACRE_API explicit resource_handle(const placement& where);

  std::pmr::memory_resource* resource() const noexcept {
    return reinterpret_cast<std::pmr::memory_resource*>(x_bits & ~std::uintptr_t{1});
  }
  bool is_pool() const noexcept { return (x_bits & 1) != 0; }
  /// Of a pool only.
  pool_front_end& pool() const noexcept { return *static_cast<pool_front_end*>(resource()); }

 private:
  static_assert(alignof(std::pmr::memory_resource) > 1);

  std::uintptr_t x_bits;
};

}  // namespace detail
}  // namespace acre::inline v1
