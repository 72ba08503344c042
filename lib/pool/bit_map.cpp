#include "pool/bit_map.hpp"

#include <algorithm>
#include <bit>

namespace acre {

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

std::size_t bit_map::next(std::size_t from, std::uint64_t flip) const noexcept {
  for (std::size_t word = from / 64; word < x_words.size(); ++word, from = 0) {
    const std::uint64_t bits = (x_words[word] ^ flip) & (~std::uint64_t{0} << from % 64);
    // Bits beyond the end are clear, so that they may be found when clear ones are looked for.
    if (bits != 0) return std::min(x_bits, word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
  }
  return x_bits;
}

std::size_t bit_map::find_clear(std::size_t count, std::size_t step, std::size_t phase,
                                std::size_t from) const noexcept {
  for (std::size_t begin = next_clear(from); begin < x_bits;) {
    begin = (begin + phase + step - 1) / step * step - phase;
    if (begin + count > x_bits) break;
    const std::size_t end = next_set(begin);
    if (end >= begin + count) return begin;
    begin = next_clear(end);
  }
  return x_bits;
}

}  // namespace acre
