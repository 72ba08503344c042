// held_heap: the heap in a range, for as long as its mutex is held.
#pragma once

#include <cstddef>

#include "segment/segment_heap.hpp"

namespace acre {

/// Makes the range a heap if it is fresh: zero bytes, or what somebody left who died on the way here.
///
/// Nobody is elected to do so. The signature and the size are stored where zeroes were (compare and exchange), the mutex
/// is prepared by everybody alike, and who locks it first formats. So there is no moment at which a death leaves
/// more than a locked mutex, of which the kernel tells the next one; and nobody has to guess from a process id, which
/// may be another process's by now or mean nothing in this pid namespace, whether the one who began is still at it.
/// \throws what segment_resource's constructor throws
void open_heap(void* memory, std::size_t bytes);

/// Locks, and repairs what a dead holder left.
class held_heap {
 public:
  /// Of a heap that was opened.
  /// \throws error errc::foreign_segment
  held_heap(void* memory, std::size_t bytes);
  held_heap(const held_heap&) = delete;
  held_heap& operator=(const held_heap&) = delete;
  ~held_heap() { x_heap.header().mutex.unlock(); }

  segment_heap& operator*() noexcept { return x_heap; }
  segment_heap* operator->() noexcept { return &x_heap; }

 private:
  segment_heap x_heap;
};

}  // namespace acre
