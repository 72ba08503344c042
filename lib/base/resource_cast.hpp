// resource_cast: dynamic_cast for resources of any program.
#pragma once

#include <cstring>
#include <memory_resource>

namespace acre::inline v1 {

/// False for a resource whose class was compiled with -fno-rtti: dynamic_cast and typeid would follow a null pointer.
/// Every class of acre's has type information: its virtual table is in the library.
inline bool has_type_information(const std::pmr::memory_resource& r) noexcept {
  const void* const* table = nullptr;
  std::memcpy(&table, static_cast<const void*>(&r), sizeof table);
  return table[-1] != nullptr;  // as the Itanium C++ ABI has it
}

/// Null where `r` is null or no `To`.
template <class To>
To* resource_cast(std::pmr::memory_resource* r) noexcept {
  return r != nullptr && has_type_information(*r) ? dynamic_cast<To*>(r) : nullptr;
}
template <class To>
const To* resource_cast(const std::pmr::memory_resource* r) noexcept {
  return r != nullptr && has_type_information(*r) ? dynamic_cast<const To*>(r) : nullptr;
}

}  // namespace acre::inline v1
