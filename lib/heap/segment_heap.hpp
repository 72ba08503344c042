// segment_heap: gives blocks out of one range of bytes, with all books in it (heap/heap_layout.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/heap_layout.hpp"

namespace acre::inline v1 {

/// A view of the heap in a range; knows nothing of its own. What it finds there is believed only as far as no wrong
/// value leads outside the range, also if others write into it at the same time; damage that is found is an exception,
/// before anything is changed.
/// \safety the caller holds the header's mutex
/// \throws, all but format() and rebuild(): error errc::foreign_segment, the heap is damaged
class segment_heap {
 public:
  /// \param memory aligned to heap_alignment; bytes from least_heap to largest_heap
  segment_heap(void* memory, std::size_t bytes) noexcept
      : x_base(static_cast<std::byte*>(memory)), x_bytes(bytes), x_end(end_block(bytes)) {}

  heap_header& header() const noexcept { return *reinterpret_cast<heap_header*>(x_base); }

  /// Makes the range one free block. The mark in the header is written last.
  void format() noexcept;
  /// After a holder of the mutex died: makes everything else anew from the words.
  /// \returns false if the words are nonsense: then nothing can be done
  bool rebuild() noexcept;
  /// Whether words, bins and counters are right.
  bool is_sound() const noexcept;
  /// Whether the header's numbers are possible; constant time.
  bool is_plausible() const noexcept;

  /// \param size of the block, with its word
  /// \returns null: no block is large enough
  void* allocate(std::size_t size, std::size_t alignment);
  struct block {
    std::uint64_t at = 0;
    std::uint64_t size = 0;
    bool used = false;
    bool previous_used = false;

    std::uint64_t end() const noexcept { return at + size; }
  };
  /// The block at p; a size of 0 if it is none, or none in use.
  block used_block(const void* p) const noexcept;
  void deallocate(const block& freed);
  std::size_t largest_free() const;
  /// Bytes of all free blocks, with their words.
  std::size_t free_bytes() const;
  /// How many blocks are in use.
  std::size_t blocks() const noexcept { return read_once(header().blocks); }

 private:
  struct links {
    std::uint64_t next;
    std::uint64_t previous;
  };
  /// Where a request goes in a free block: `gap` bytes of it stay free before it.
  struct room {
    block from;
    std::uint64_t gap = 0;
  };

  std::uint64_t& word(std::uint64_t at) const noexcept {
    return *reinterpret_cast<std::uint64_t*>(x_base + at);
  }
  std::uint64_t& last_word(const block& b) const noexcept { return word(b.end() - word_bytes); }
  std::uint64_t& next_of(std::uint64_t at) const noexcept { return word(at + word_bytes); }
  std::uint64_t& previous_of(std::uint64_t at) const noexcept { return word(at + 2 * word_bytes); }
  links links_of(std::uint64_t at) const noexcept {
    return {read_once(next_of(at)), read_once(previous_of(at))};
  }
  bool may_be_block(std::uint64_t at) const noexcept {
    return at >= first_block() && at < x_end && at % block_unit == word_bytes;
  }

  /// \returns false if there is no block
  bool read(std::uint64_t at, block& b) const noexcept;
  block require(std::uint64_t at) const;
  block require_free(std::uint64_t at) const;
  block require_previous(const block& b) const;
  /// \returns links that may be followed
  links require_links(const block& b) const;

  /// The one store that changes which blocks there are.
  void commit(const block& b) noexcept;
  /// A word that no walk reaches yet, or that keeps its size.
  void write(const block& b) noexcept;
  void write_previous_used(block b, bool used) noexcept;
  void link(const block& b) noexcept;
  void unlink(const block& b, const links& l) noexcept;
  void clear_books() noexcept;

  bool fits(const block& b, std::size_t size, std::size_t alignment, room& found) const noexcept;
  bool find(std::size_t size, std::size_t alignment, room& found) const;
  bool find_in_bin(std::size_t bin, std::size_t size, std::size_t alignment, std::size_t most,
                   room& found) const;
  std::size_t filled_bin(std::size_t from) const noexcept;
  void take(const room& r, std::size_t size);
  bool are_bins_sound(std::size_t free_blocks) const noexcept;

  std::byte* x_base;
  std::size_t x_bytes;
  std::uint64_t x_end;
};

}  // namespace acre::inline v1
