// held_heap: the heap in a range, for as long as its mutex is held.
#pragma once

#include <chrono>
#include <cstddef>

#include "heap/segment_heap.hpp"

namespace acre::inline v1 {

/// How long anybody waits for the mutex.
inline constexpr std::chrono::seconds longest_wait{10};

/// Makes the range a heap if it is fresh: zero bytes, or what somebody left who died on the way here.
///
/// Nobody is elected to do so. The signature and the size are stored where zeroes were (compare and exchange), zeroes
/// are a mutex, and who locks it first formats. So there is no moment at which a death leaves more than a locked
/// mutex, of which the kernel tells the next one.
/// \throws what segment_resource's constructor throws
void open_heap(void* memory, std::size_t bytes);

/// Locks, and repairs what a dead holder left.
class held_heap {
 public:
  /// \param memory a heap that open_heap() has opened
  /// \throws error errc::foreign_segment; the system's ETIMEDOUT after longest_wait
  held_heap(void* memory, std::size_t bytes);
  /// Is false, and does not throw, where the mutex cannot be had in time.
  held_heap(void* memory, std::size_t bytes, std::chrono::milliseconds at_most);
  held_heap(const held_heap&) = delete;
  held_heap& operator=(const held_heap&) = delete;
  ~held_heap() {
    if (x_held) x_heap.header().mutex.unlock();
  }

  explicit operator bool() const noexcept { return x_held; }
  segment_heap& operator*() noexcept { return x_heap; }
  segment_heap* operator->() noexcept { return &x_heap; }

 private:
  segment_heap x_heap;
  bool x_held;
};

}  // namespace acre::inline v1
