#include "pool/owned_pages.hpp"

#include <algorithm>

namespace acre::inline v1 {
namespace {

constexpr std::size_t widened(std::size_t alignment) noexcept {
  return std::max(alignment, detail::owner_map::granule_bytes);
}

}  // namespace

void* owned_pages::map(std::size_t bytes, std::size_t alignment) {
  void* const p = x_source->map(bytes, widened(alignment));
  try {
    x_owners.set(p, bytes, x_who);
  } catch (...) {
    x_source->unmap(p, bytes, widened(alignment));
    throw;
  }
  return p;
}

// Cleared first: once unmapped, another thread may get the addresses and register them.
void owned_pages::unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  x_owners.clear(p, bytes);
  x_source->unmap(p, bytes, widened(alignment));
}

}  // namespace acre::inline v1
