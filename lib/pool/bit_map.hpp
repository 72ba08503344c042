// bit_map: a fixed number of bits, in runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace acre::inline v1 {

class bit_map {
 public:
  /// All clear.
  /// \throws std::bad_alloc
  explicit bit_map(std::size_t bits) : x_bits(bits), x_words((bits + 63) / 64) {}

  std::size_t size() const noexcept { return x_bits; }
  bool test(std::size_t i) const noexcept { return (x_words[i / 64] >> i % 64 & 1) != 0; }
  void set(std::size_t first, std::size_t count) noexcept;
  void clear(std::size_t first, std::size_t count) noexcept;
  /// How many of the run are set.
  std::size_t count(std::size_t first, std::size_t count) const noexcept;

  /// Whether the whole run is set.
  bool all(std::size_t first, std::size_t count) const noexcept;

  /// The first set bit from `from` on; size() if there is none.
  std::size_t next_set(std::size_t from) const noexcept;
  /// Bits [64 * i, 64 * i + 64), the first of them the least; bits beyond the end are clear.
  std::uint64_t word(std::size_t i) const noexcept { return x_words[i]; }

 private:
  template <class F>
  static void for_words(std::size_t first, std::size_t count, F f) noexcept;

  std::size_t x_bits;
  std::vector<std::uint64_t> x_words;
};

}  // namespace acre::inline v1
