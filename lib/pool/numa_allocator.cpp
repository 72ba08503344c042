// What numa_allocator does not inline: its handle is made here, for programs without exceptions and type information.
#include <acre/numa_allocator.hpp>

#include <acre/error.hpp>
#include <acre/node_pools.hpp>
#include <acre/pool_resource.hpp>
#include <acre/resource_for.hpp>

#include <new>
#include <typeinfo>

#include "base/resource_cast.hpp"

namespace acre::inline v1 {
namespace {

template <class T>
bool is_a(const std::pmr::memory_resource& r) noexcept {
  return has_type_information(r) && typeid(r) == typeid(T);
}

}  // namespace

void detail::throw_bad_array_new_length() { throw std::bad_array_new_length(); }

detail::resource_handle::resource_handle(std::pmr::memory_resource* r) {
  if (r == nullptr) throw error(errc::invalid_argument, "numa_allocator: the resource is null");
  x_bits = reinterpret_cast<std::uintptr_t>(r);
  if (is_a<pool_resource>(*r)) x_bits |= a_pool;
  if (is_a<node_pools>(*r)) x_bits |= some_node_pools;
}

detail::resource_handle::resource_handle(const placement& where) : resource_handle(resource_for(where)) {}

}  // namespace acre::inline v1
