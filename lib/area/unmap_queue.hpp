// unmap_queue: ranges that munmap(2) could not cut out yet.
#pragma once

#include <cstddef>
#include <cstdint>

namespace acre::inline v1 {

/// Blocks of areas that lie side by side under one policy are one mapping for the kernel, and cutting one out of the middle
/// needs a mapping more: near vm.max_map_count munmap fails with ENOMEM. Such a block gives its pages back at once, and its
/// addresses when a later call finds room. One queue for the process: blocks of several areas may be one mapping, too.
/// It lives in the first page of each range, so nothing is allocated while freeing.
/// \safety all functions from any thread
namespace unmap_queue {

/// Unmaps now, or later. The work does not grow with what waits, but for the logarithm.
void unmap(void* p, std::size_t bytes) noexcept;
/// Ranges that wait.
std::size_t waiting() noexcept;
/// Calls of munmap(2) so far, for tests: what the time goes into. Counted while some wait.
std::uint64_t calls() noexcept;

}  // namespace unmap_queue
}  // namespace acre::inline v1
