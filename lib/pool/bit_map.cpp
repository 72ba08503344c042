#include "pool/bit_map.hpp"

#include <algorithm>
#include <bit>

namespace acre::inline v1 {

/// Calls f(index of a word, mask of the run's bits in it).
template <class F>
void bit_map::for_words(std::size_t first, std::size_t count, F f) noexcept {
  while (count != 0) {
    const std::size_t offset = first % 64;
    const std::size_t here = std::min(count, 64 - offset);
    f(first / 64, (~std::uint64_t{0} >> (64 - here)) << offset);
    first += here;
    count -= here;
  }
}

void bit_map::set(std::size_t first, std::size_t count) noexcept {
  for_words(first, count, [&](std::size_t word, std::uint64_t mask) { x_words[word] |= mask; });
}

void bit_map::clear(std::size_t first, std::size_t count) noexcept {
  for_words(first, count, [&](std::size_t word, std::uint64_t mask) { x_words[word] &= ~mask; });
}

std::size_t bit_map::count(std::size_t first, std::size_t count) const noexcept {
  std::size_t n = 0;
  for_words(first, count, [&](std::size_t word, std::uint64_t mask) {
    n += static_cast<std::size_t>(std::popcount(x_words[word] & mask));
  });
  return n;
}

bool bit_map::all(std::size_t first, std::size_t count) const noexcept {
  std::uint64_t missing = 0;
  for_words(first, count, [&](std::size_t word, std::uint64_t mask) { missing |= mask & ~x_words[word]; });
  return missing == 0;
}

std::size_t bit_map::next_set(std::size_t from) const noexcept {
  for (std::size_t word = from / 64; word < x_words.size(); ++word, from = 0) {
    const std::uint64_t bits = x_words[word] & ~std::uint64_t{0} << from % 64;
    if (bits != 0) return word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
  }
  return x_bits;
}

}  // namespace acre::inline v1
