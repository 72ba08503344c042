// central_free_list: the free blocks of one size class that no thread has in its cache.
#pragma once

#include <acre/detail/size_class.hpp>
#include <acre/detail/thread_cache.hpp>

#include <cstddef>
#include <cstdint>

#include "base/small_mutex.hpp"

namespace acre::inline v1 {

using detail::free_block;
using detail::size_class;

/// What a pool knows of a size class from the beginning.
struct class_shape {
  std::uint32_t block_bytes = 0;
  std::uint16_t span_units = 0;
  std::uint16_t span_blocks = 0;
  std::uint16_t list_blocks = 0;  ///< of a full list, at least 1
  std::uint16_t first_block = 0;  ///< of a span, where handing out begins
};

/// Units and blocks of a span of the class: at least 64 KiB, and as long as leaves least unused.
class_shape shape_of(size_class c) noexcept;

/// A null-terminated list.
struct block_list {
  free_block* head = nullptr;
  std::uint32_t blocks = 0;
};

class page_heap;

/// Hands whole lists over: taking or giving a full one is a few instructions under the lock, whatever its length.
/// Measured against single blocks: random replacement 47 ns instead of 70 (docs/pools.md).
/// \safety all functions from any thread; the lock is held within them only, and nothing else is locked under it
class alignas(64) central_free_list {
 public:
  void set_shape(const class_shape& shape) noexcept { x_shape = shape; }
  const class_shape& shape() const noexcept { return x_shape; }

  /// A list to use; empty if a span is needed.
  block_list take() noexcept;
  /// One block; null if a span is needed.
  void* take_one() noexcept;
  /// \param head a list of exactly shape().list_blocks
  void give_full(free_block* head) noexcept;
  void give_one(void* p) noexcept;
  /// Any list; takes time for each block, but not under the lock.
  void give(free_block* head) noexcept;

  /// Adds a span to hand blocks out of.
  /// \returns false if there is one already, which somebody else added meanwhile
  bool add_span(void* p) noexcept;

  /// Takes spans out that have no live block, and no block in any thread's cache. Others may go on meanwhile; they find
  /// no blocks but those that are given back now, and add spans.
  /// \param heap where the spans come from
  /// \returns the spans, linked by their first words
  /// \throws std::bad_alloc; nothing is lost
  free_block* take_empty_spans(page_heap& heap);
  /// Forgets everything.
  void clear() noexcept;

  // For the fork handlers.
  void lock_for_fork() noexcept { x_mutex.lock_for_fork(); }
  void unlock_after_fork() noexcept { x_mutex.unlock_after_fork(); }

 private:
  /// The first two words of a full list's first block: full lists are linked with each other, too.
  struct full_list : free_block {
    full_list* next_list;
  };
  struct lists {
    full_list* full = nullptr;
    free_block* loose = nullptr;  ///< fewer than a full list
    std::uint32_t loose_blocks = 0;

    void push(free_block* b, std::uint32_t list_blocks) noexcept;
  };

  template <class F>
  static void for_each_block(lists l, F f);
  block_list carve(std::size_t most_bytes) noexcept;
  void push_all(block_list list) noexcept;
  void put_back(const lists& kept, std::byte* span, std::uint32_t carved) noexcept;

  small_mutex x_mutex;         ///< guards all below
  std::uint32_t x_carved = 0;  ///< blocks of the newest span that were handed out at least once
  std::byte* x_span = nullptr;
  lists x_lists;
  class_shape x_shape;
};

}  // namespace acre::inline v1
