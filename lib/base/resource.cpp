#include <acre/resource.hpp>

#include "base/resource_cast.hpp"

namespace acre::inline v1 {

// Out of line, so that the vtable and the type information good_size() casts by have one home.
resource::~resource() = default;

std::size_t good_size(const std::pmr::memory_resource& r, std::size_t bytes, std::size_t alignment) noexcept {
  const auto* ours = resource_cast<resource>(&r);
  return ours != nullptr ? ours->good_size(bytes, alignment) : bytes;
}

}  // namespace acre::inline v1
