// bit_map: a fixed number of bits, in runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace acre {

class bit_map {
 public:
  /// All clear.
  /// \throws std::bad_alloc
  explicit bit_map(std::size_t bits) : x_bits(bits), x_words((bits + 63) / 64) {}

  std::size_t size() const noexcept { return x_bits; }
  bool test(std::size_t i) const noexcept { return (x_words[i / 64] >> i % 64 & 1) != 0; }
  void set(std::size_t first, std::size_t count) noexcept;
  void clear(std::size_t first, std::size_t count) noexcept;
  /// So many are set in the run.
  std::size_t count(std::size_t first, std::size_t count) const noexcept;

  /// The first set or clear bit from `from` on; size() if there is none.
  std::size_t next_set(std::size_t from) const noexcept { return next(from, 0); }
  std::size_t next_clear(std::size_t from) const noexcept { return next(from, ~std::uint64_t{0}); }

  /// The first run of `count` clear bits from `from` on whose first bit plus `phase` is a multiple of `step`; size() if
  /// there is none.
  std::size_t find_clear(std::size_t count, std::size_t step, std::size_t phase,
                         std::size_t from) const noexcept;

 private:
  std::size_t next(std::size_t from, std::uint64_t flip) const noexcept;
  template <class F>
  static void for_words(std::size_t first, std::size_t count, F f) noexcept;

  std::size_t x_bits;
  std::vector<std::uint64_t> x_words;
};

}  // namespace acre
