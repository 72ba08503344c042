// heap_layout: the bytes of a heap in shared memory: its header, its blocks, and the bins of the free ones.
//
// Everything is an offset from the beginning of the heap, and so is null: 0, where the header is. All sizes are
// multiples of 16. Blocks lie one behind the other from first_block() to end_block(); each begins with a word
// that tells its size, 8 bytes before a multiple of 16, so that what follows it is aligned.
//
//   used   | word | bytes of the user ...                             |
//   free   | word | next free | previous free |      ...       | size |
//
// The words alone say what is used and what is free. Whoever changes the heap prepares what no walk over the words
// reaches yet, and then stores one word: a process may die between any two instructions, and a walk finds the heap
// either as it was or as it was to be. Bins, counters, sizes at the ends and "the block before is used" can be told
// from the words again.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "sys/robust_mutex.hpp"

namespace acre::inline v1 {

inline constexpr std::size_t block_unit = 16;
inline constexpr std::size_t word_bytes = 8;
/// A free block's word, two links, and its size once more.
inline constexpr std::size_t least_block = 32;
inline constexpr std::size_t least_heap = 4096;
inline constexpr std::size_t largest_heap = std::size_t{1} << 47;
inline constexpr std::size_t heap_alignment = 64;

// ---- numbers

/// Whoever may write the range may write at any time: a number is read once, and what was read is checked and used. The
/// compiler may not read again what an atomic load gave.
inline std::uint64_t read_once(const std::uint64_t& number) noexcept {
  return std::atomic_ref(const_cast<std::uint64_t&>(number)).load(std::memory_order_relaxed);
}
inline void write_once(std::uint64_t& number, std::uint64_t value) noexcept {
  std::atomic_ref(number).store(value, std::memory_order_relaxed);
}

// ---- words

inline constexpr std::uint64_t flag_used = 1;
/// The block before this one is in use. Else its size stands at its end; where it is used, bytes of its user are there.
inline constexpr std::uint64_t flag_previous_used = 2;
inline constexpr std::uint64_t flags = 15;
inline constexpr unsigned seal_shift = 48;

/// The upper 16 bits of each word follow from its place and the others. Wild pointers, second frees and overwritten
/// words are found by it, but for one in 65536.
constexpr std::uint64_t seal(std::uint64_t offset, std::uint64_t body) noexcept {
  const std::uint64_t mixed = (body ^ offset * 0x9E37'79B9'7F4A'7C15) * 0xD6E8'FEB8'6659'FD93;
  return body | (mixed ^ 0x5A5A'0000'0000'0000) >> seal_shift << seal_shift;
}
constexpr std::uint64_t body_of(std::uint64_t word) noexcept {
  return word & ((std::uint64_t{1} << seal_shift) - 1);
}

// ---- bins

/// One for each size below 512 bytes, then four for each doubling.
inline constexpr std::size_t linear_bins = 32;
inline constexpr std::size_t bin_count = 192;

constexpr std::size_t bin_of(std::size_t size) noexcept {
  if (size < linear_bins * block_unit) return size / block_unit;
  const auto width = static_cast<std::size_t>(std::bit_width(size));
  return linear_bins + (width - 10) * 4 + (size >> (width - 3) & 3);
}
static_assert(bin_of(511) == 31 && bin_of(512) == 32 && bin_of(640) == 33 && bin_of(1024) == 36);
static_assert(bin_of(largest_heap) < bin_count);

/// The first bin of which every block has at least this size.
constexpr std::size_t bin_above(std::size_t size) noexcept {
  if (size < linear_bins * block_unit) return size / block_unit;
  const auto width = static_cast<std::size_t>(std::bit_width(size));
  return bin_of(size + (std::size_t{1} << (width - 3)) - 1);
}
static_assert(bin_above(512) == 32 && bin_above(528) == 33 && bin_above(1008) == 36);

// ---- the header

struct heap_header {
  /// The first word to be written: who finds another one leaves everything alone.
  static constexpr std::uint64_t signature_base = 0x6163'7265'6865'0000;  // "acrehe"
  static constexpr std::uint64_t version = 2;
  static constexpr std::uint64_t formatted_mark = 0x666F'726D'6174'6564;

  std::uint64_t signature;
  std::uint64_t bytes;      ///< of the range, as it was given
  std::uint64_t formatted;  ///< formatted_mark, or 0: nobody has come to the end of it yet
  std::uint64_t root;
  sys::robust_mutex mutex;
  // Guarded by the mutex.
  std::uint64_t free_bytes;                          ///< of free blocks, with their words
  std::uint64_t blocks;                              ///< used ones
  std::array<std::uint64_t, bin_count / 64> filled;  ///< bit i: bin i is not empty
  std::uint64_t unused;
  std::array<std::uint64_t, bin_count> bins;
};
static_assert(sizeof(heap_header) % block_unit == 0 && sizeof(heap_header) < least_heap / 2);

constexpr std::uint64_t first_block() noexcept { return sizeof(heap_header) + word_bytes; }
/// Where a word stands that says "used, no bytes".
constexpr std::uint64_t end_block(std::size_t bytes) noexcept {
  return (bytes - 2 * word_bytes) / block_unit * block_unit + word_bytes;
}
static_assert(end_block(4096) == 4088 && end_block(4095) == 4072);

}  // namespace acre::inline v1
