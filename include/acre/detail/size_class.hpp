// size_class: the sizes that small blocks of a pool come in.
#pragma once

#include <acre/export.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace acre::inline v1::detail {

/// Index of a size class.
using size_class = unsigned;

/// 16 to 128 bytes by eights, then eight classes to each doubling: a block is at most 12.5 % larger than asked
/// from 64 bytes up.
inline constexpr std::size_t smallest_class = 16;
inline constexpr std::size_t largest_class = std::size_t{64} << 10;
/// Alignments up to this cost nothing: spans of blocks start at multiples of it.
inline constexpr std::size_t largest_class_alignment = std::size_t{8} << 10;

namespace classes {

inline constexpr std::size_t linear_end = 128;
inline constexpr size_class linear_count = (linear_end - smallest_class) / 8 + 1;
inline constexpr unsigned linear_width = std::bit_width(linear_end - 1);

constexpr size_class compute(std::size_t bytes) noexcept {
  if (bytes <= linear_end) return bytes <= smallest_class ? 0 : static_cast<size_class>((bytes + 7) / 8 - 2);
  const unsigned width = static_cast<unsigned>(std::bit_width(bytes - 1));
  return linear_count + (width - linear_width - 1) * 8 + static_cast<size_class>((bytes - 1) >> (width - 4)) -
         8;
}

// Sizes around linear_end are common and mixed: one look-up beats a branch that is often mispredicted.
inline constexpr std::size_t table_end = 1024;
inline constexpr auto table = [] {
  std::array<std::uint8_t, table_end / 8 + 1> t{};
  for (std::size_t i = 0; i != t.size(); ++i) t[i] = static_cast<std::uint8_t>(compute(i * 8));
  return t;
}();

}  // namespace classes

/// The smallest class that holds `bytes`.
/// \param bytes up to largest_class
constexpr size_class class_of(std::size_t bytes) noexcept {
  if (bytes <= classes::table_end) [[likely]]
    return classes::table[(bytes + 7) / 8];
  return classes::compute(bytes);
}

inline constexpr size_class class_count = classes::compute(largest_class) + 1;

constexpr std::size_t class_bytes(size_class c) noexcept {
  if (c < classes::linear_count) return smallest_class + std::size_t{8} * c;
  const size_class step = c - classes::linear_count;
  return std::size_t{9 + step % 8} << (classes::linear_width - 3 + step / 8);
}
static_assert(class_bytes(class_count - 1) == largest_class);

/// Whether a request is served from the size classes.
/// \param alignment a power of two; anything else is not small
constexpr bool is_small(std::size_t bytes, std::size_t alignment) noexcept {
  // Not std::has_single_bit: without a popcount instruction it is a call. An alignment of 0 wraps.
  const std::size_t mask = alignment - 1;
  return bytes <= largest_class && mask < largest_class_alignment && (alignment & mask) == 0;
}

/// The class whose blocks are large enough and aligned: a multiple of the alignment has a class that is one
/// too, because the steps between classes are powers of two.
constexpr size_class class_of(std::size_t bytes, std::size_t alignment) noexcept {
  // 0 is a multiple of every alignment; its class is not.
  bytes += bytes == 0 ? 1 : 0;
  return class_of((bytes + alignment - 1) & ~(alignment - 1));
}

}  // namespace acre::inline v1::detail
