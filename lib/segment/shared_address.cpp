#include "segment/shared_address.hpp"

#include <cstdint>

#include "sys/shared.hpp"

namespace acre::inline v1 {

void* shared_address() noexcept {
  constexpr std::uint64_t first = 0x2000'0000'0000;
  constexpr std::uint64_t last = 0x5000'0000'0000;
  constexpr std::uint64_t step = std::uint64_t{1} << 30;
  return reinterpret_cast<void*>(first + sys::random_bits() % ((last - first) / step) * step);
}

}  // namespace acre::inline v1
