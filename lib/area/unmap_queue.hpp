// unmap_queue: ranges that munmap(2) could not cut out yet.
#pragma once

#include <atomic>
#include <cstddef>

namespace acre {

/// Blocks of an area that lie side by side under one policy are one mapping for the kernel, and cutting one
/// out of the middle needs a mapping more: near vm.max_map_count munmap fails with ENOMEM. Such a block
/// gives its pages back at once, and its addresses when a later call finds room. The list lives in the
/// first page of each range, so nothing is allocated while freeing.
/// \safety all functions from any thread
class unmap_queue {
 public:
  unmap_queue() noexcept = default;
  unmap_queue(const unmap_queue&) = delete;
  unmap_queue& operator=(const unmap_queue&) = delete;
  ~unmap_queue() { retry(); }
  /// Unmaps now, or later.
  void unmap(void* p, std::size_t bytes) noexcept;
  /// Ranges that wait.
  std::size_t waiting() const noexcept { return x_waiting.load(std::memory_order_relaxed); }

 private:
  struct entry {
    entry* next;
    std::size_t bytes;
  };
  void retry() noexcept;

  entry* x_first = nullptr;  ///< under cold_mutex()
  /// Only a hint for skipping retry(): no ordering needed.
  std::atomic<std::size_t> x_waiting{0};
};

}  // namespace acre
