/// \file
/// numa_allocator<T>: a standard allocator over a memory resource, with the propagation NUMA data wants.
#pragma once

#include <acre/default_resource.hpp>
#include <acre/detail/resource_handle.hpp>
#include <acre/error.hpp>
#include <acre/export.hpp>
#include <acre/node_set.hpp>
#include <acre/placement.hpp>
#include <acre/resource.hpp>

#include <cstddef>
#include <limits>
#include <memory_resource>
#include <new>
#include <type_traits>
#include <utility>
#include <version>
#if defined(__cpp_lib_allocate_at_least)
#include <memory>
#endif

namespace acre::inline v1 {

/// What allocate_at_least returns: C++23's std::allocation_result where the library has it, because
/// std::allocator_traits wants no other type.
#if defined(__cpp_lib_allocate_at_least)
template <class Pointer>
using allocation_result = std::allocation_result<Pointer>;
#else
template <class Pointer>
struct allocation_result {
  Pointer ptr;        ///< the first object
  std::size_t count;  ///< how many there is room for
};
#endif

class topology;

namespace detail {

/// What is no placement, but looks like one to who is new here.
template <class T>
concept node_or_machine = std::is_arithmetic_v<T> || std::is_same_v<T, topology>;

/// Not inlined: programs that are compiled without exceptions may include this header.
[[noreturn]] ACRE_API void throw_bad_array_new_length();

}  // namespace detail

/// Holds a std::pmr::memory_resource*. Moves and swaps of containers carry it along (O(1), never
/// undefined), copy assignment keeps the target's, copy construction keeps the source's. Equal if the
/// resources are equal. Does no uses-allocator construction: nest with std::scoped_allocator_adaptor. Where
/// the resource is a pool_resource or node_pools what it does for small blocks is inlined: no virtual call.
/// \safety as safe as its resource
template <class T>
class numa_allocator {
 public:
  using value_type = T;                                            ///< what is allocated
  using size_type = std::size_t;                                   ///< of counts
  using difference_type = std::ptrdiff_t;                          ///< of differences of pointers
  using propagate_on_container_copy_assignment = std::false_type;  ///< elements stay with their resource
  using propagate_on_container_move_assignment = std::true_type;   ///< blocks bring their resource
  using propagate_on_container_swap = std::true_type;              ///< as blocks are swapped
  using is_always_equal = std::false_type;                         ///< two may have different resources

  /// Over default_resource().
  /// \throws failure what default_resource() throws
  numa_allocator() : x_resource(default_resource()) {}
  /// Over `r`, which must outlive every block.
  /// \throws error errc::invalid_argument for a null pointer
  numa_allocator(std::pmr::memory_resource* r)  // NOLINT(google-explicit-constructor)
      : x_resource(r) {}
  /// Over resource_for(where); with options, make one of resource_for(where, options).
  /// \throws failure what resource_for() throws; by_page has no process-wide pool
  numa_allocator(const placement& where)  // NOLINT(google-explicit-constructor)
      : x_resource(where) {}
  numa_allocator(const std::pmr::memory_resource& r) = delete;  ///< pass its address: &r
  numa_allocator(const node_set& nodes) = delete;               ///< pass a placement: placement::bind(nodes)
  template <class Node>
  requires detail::node_or_machine<Node>
  explicit numa_allocator(const Node& node) = delete;  ///< pass a placement: placement::bind({node})
  numa_allocator(std::nullptr_t) = delete;
  numa_allocator(const numa_allocator&) noexcept = default;  ///< over the same resource
  /// Over the same resource, for objects of another type.
  template <class U>
  numa_allocator(const numa_allocator<U>& other) noexcept  // NOLINT(google-explicit-constructor)
      : x_resource(other.x_resource) {}
  numa_allocator& operator=(const numa_allocator&) noexcept = default;  ///< over the same resource

  /// Room for n objects, none of them constructed; 0 is a block, too.
  /// \throws std::bad_array_new_length for n > max_size(); what the resource throws
  [[nodiscard]] T* allocate(std::size_t n) {
    const std::size_t bytes = bytes_of(n);
    return static_cast<T*>(x_resource.call([=](auto& r) { return r.allocate(bytes, alignof(T)); }));
  }
  /// At least n objects; deallocate takes any count from n to the one returned.
  /// \throws std::bad_array_new_length as allocate(); what the resource throws
  [[nodiscard]] allocation_result<T*> allocate_at_least(std::size_t n) {
    // The resource is asked for n, not for what fits: it takes back only sizes from what it was asked upward.
    T* const p = allocate(n);
    return {p, good_size(*resource(), n * sizeof(T), alignof(T)) / sizeof(T)};
  }
  /// Gives back what an allocator that is equal to this one has allocated.
  /// \param p as allocate() or allocate_at_least() gave it
  /// \param n as it was asked for, up to the count that was returned
  void deallocate(T* p, std::size_t n) noexcept {
    x_resource.call([=](auto& r) { r.deallocate(p, n * sizeof(T), alignof(T)); });
  }

  /// As many objects as PTRDIFF_MAX bytes have room for.
  [[nodiscard]] static constexpr std::size_t max_size() noexcept {
    return static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(T);
  }
  /// Where blocks come from; never null.
  [[nodiscard]] std::pmr::memory_resource* resource() const noexcept { return x_resource.resource(); }

 private:
  template <class U>
  friend class numa_allocator;

  static std::size_t bytes_of(std::size_t n) {
    if (n > max_size()) detail::throw_bad_array_new_length();
    return n * sizeof(T);
  }

  detail::resource_handle x_resource;
};

static_assert(sizeof(numa_allocator<int>) == sizeof(void*));
static_assert(std::is_nothrow_copy_constructible_v<numa_allocator<int>> &&
              std::is_nothrow_copy_assignable_v<numa_allocator<int>>);
static_assert(std::is_nothrow_constructible_v<numa_allocator<int>, const numa_allocator<void>&>);

/// True if the resources are equal: what the one has allocated the other may give back.
template <class T, class U>
bool operator==(const numa_allocator<T>& a, const numa_allocator<U>& b) noexcept {
  return *a.resource() == *b.resource();
}

/// numa_allocator with default-initialisation: vector<double, first_touch_allocator<double>> v(n) touches no
/// page, so the threads that fill it decide where its pages lie. Elements of trivial types are indeterminate
/// until written. Large blocks of placement::local() are fresh pages; pools of other placements keep pages, so that a
/// second vector may get some that were touched before.
template <class T>
class first_touch_allocator : public numa_allocator<T> {
 public:
  /// Over default_first_touch_resource().
  /// \throws failure what default_first_touch_resource() throws
  first_touch_allocator() : numa_allocator<T>(default_first_touch_resource()) {}
  /// Over `r`, which must outlive every block.
  /// \throws error errc::invalid_argument for a null pointer
  first_touch_allocator(std::pmr::memory_resource* r)  // NOLINT(google-explicit-constructor)
      : numa_allocator<T>(r) {}
  /// Over resource_for(where).
  /// \throws failure what resource_for() throws; by_page has no process-wide pool
  first_touch_allocator(const placement& where)  // NOLINT(google-explicit-constructor)
      : numa_allocator<T>(where) {}
  first_touch_allocator(const std::pmr::memory_resource& r) = delete;  ///< pass its address: &r
  first_touch_allocator(const node_set& nodes) = delete;  ///< pass a placement: placement::bind(nodes)
  template <class Node>
  requires detail::node_or_machine<Node>
  explicit first_touch_allocator(const Node& node) = delete;  ///< pass a placement: placement::bind({node})
  first_touch_allocator(std::nullptr_t) = delete;
  /// Over the same resource.
  template <class U>
  first_touch_allocator(const numa_allocator<U>& other) noexcept  // NOLINT(google-explicit-constructor)
      : numa_allocator<T>(other) {}

  /// Default-initialises: writes nothing where U is of a trivial type. Containers call it for elements without a value.
  template <class U>
  void construct(U* p) noexcept(std::is_nothrow_default_constructible_v<U>) {
    ::new (static_cast<void*>(p)) U;
  }
  /// Constructs from a value or other arguments, as std::allocator_traits does.
  template <class U, class... Args>
  void construct(U* p, Args&&... args) noexcept(std::is_nothrow_constructible_v<U, Args...>) {
    ::new (static_cast<void*>(p)) U(std::forward<Args>(args)...);
  }
};

static_assert(sizeof(first_touch_allocator<int>) == sizeof(void*));
static_assert(std::is_nothrow_constructible_v<first_touch_allocator<int>, const numa_allocator<void>&>);

}  // namespace acre::inline v1
