/// \file
/// A std::pmr::memory_resource that also tells how many bytes a request really gets.
#pragma once

#include <acre/export.hpp>

#include <cstddef>
#include <memory_resource>
#include <type_traits>

namespace acre::inline v1 {

/// Base of acre's resources: area, pool_resource, node_pools, segment_resource. A program may derive resources of its
/// own from it: the free function good_size() asks these, too.
class ACRE_API resource : public std::pmr::memory_resource {
 public:
  ~resource() override;

  /// The bytes that allocate(bytes, alignment) would really provide, at least `bytes`. A block may be given
  /// back with any size from what was asked up to this.
  [[nodiscard]] virtual std::size_t good_size(std::size_t bytes, std::size_t alignment) const noexcept = 0;

  template <class T>
  operator std::pmr::polymorphic_allocator<T>() const = delete;  ///< pass its address: &r
};

static_assert(std::is_abstract_v<resource> && std::has_virtual_destructor_v<resource>);

/// good_size of any resource: of one that is not acre's, `bytes`.
[[nodiscard]] ACRE_API std::size_t good_size(const std::pmr::memory_resource& r, std::size_t bytes,
                                             std::size_t alignment) noexcept;

}  // namespace acre::inline v1
