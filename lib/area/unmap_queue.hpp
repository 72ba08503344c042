// unmap_queue: ranges that munmap(2) could not cut out yet.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "base/small_mutex.hpp"
#include "base/summed_tree.hpp"

namespace acre::inline v1 {

/// Blocks of areas that lie side by side under one policy are one mapping for the kernel, and cutting one out of the
/// middle needs a mapping more: near vm.max_map_count munmap fails with ENOMEM. Such a block gives its pages back at
/// once, and its addresses when a later call finds room. It lives in the first page of each range, so nothing is
/// allocated while freeing.
/// \safety all functions from any thread
class unmap_queue {
 public:
  /// What it asks the kernel for; a test asks another one. All return 0 or errno.
  struct kernel_calls {
    int (*unmap)(void* p, std::size_t bytes) noexcept;
    int (*unlock)(void* p, std::size_t bytes) noexcept;
    int (*discard)(void* p, std::size_t bytes) noexcept;
  };

  constexpr unmap_queue(const kernel_calls& kernel, small_mutex& mutex) noexcept
      : x_kernel(kernel), x_mutex(mutex) {}

  /// The one of this process, for blocks of several areas may be one mapping, too. fork() holds its mutex, under which
  /// nothing else is locked.
  /// \throws std::system_error if the fork handlers cannot be installed, at the first call only
  static unmap_queue& of_process();

  /// Unmaps now, or later. The work does not grow with what waits, but for the logarithm.
  /// \param p the start of a page; bytes are whole pages
  void unmap(void* p, std::size_t bytes) noexcept;
  /// Ranges that wait.
  std::size_t waiting() const noexcept { return x_waiting.load(std::memory_order_relaxed); }

 private:
  struct range {
    std::byte* p;
    std::size_t bytes;
  };
  /// In the first page of a range that waits. No two of them touch.
  struct entry {
    tree_links<entry> links{};
    std::size_t bytes = 0;

    range all() noexcept { return {reinterpret_cast<std::byte*>(this), bytes}; }
  };
  struct by_address {
    static tree_links<entry>& links(entry& e) noexcept { return e.links; }
    static bool before(const entry& a, const entry& b) noexcept { return &a < &b; }
    static bool sum_up(entry&, const entry*, const entry*) noexcept { return false; }
  };

  bool try_unmap(const range& r) const noexcept;
  // Under the mutex.
  entry* first_from(const std::byte* p) const noexcept;
  std::array<entry*, 2> beside(const range& r) const noexcept;
  bool try_again(entry& e) noexcept;
  void unmap_together(const range& r) noexcept;
  void go_on_after(const range& r) noexcept;

  const kernel_calls x_kernel;
  small_mutex& x_mutex;
  // Guarded by the mutex, but for reading the counter.
  summed_tree<entry, by_address> x_entries;
  std::byte* x_next_turn = nullptr;  ///< of those that wait, the first from here on is tried next
  std::atomic<std::size_t> x_waiting{0};
};

}  // namespace acre::inline v1
