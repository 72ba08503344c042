#include "area/unmap_queue.hpp"

#include <cerrno>
#include <cstddef>
#include <mutex>
#include <new>
#include <utility>

#include "area/cold_mutex.hpp"
#include "sys/pages.hpp"

namespace acre {

void unmap_queue::unmap(void* p, std::size_t bytes) noexcept {
  const int error = sys::unmap(p, bytes);
  if (error != ENOMEM) {
    if (waiting() != 0) retry();
    return;
  }
  // Only private memory without huge pages of its own is part of a larger mapping. The first page stays for the entry.
  sys::unlock(p, bytes);
  const std::size_t page = sys::page_size();
  if (bytes > page) sys::discard(static_cast<std::byte*>(p) + page, bytes - page);
  const std::lock_guard lock(cold_mutex());
  x_first = ::new (p) entry{x_first, bytes};
  x_waiting.fetch_add(1, std::memory_order_relaxed);
}

void unmap_queue::retry() noexcept {
  const std::lock_guard lock(cold_mutex());
  entry* still = nullptr;
  while (x_first != nullptr) {
    entry* const e = std::exchange(x_first, x_first->next);
    if (sys::unmap(e, e->bytes) == 0) {
      x_waiting.fetch_sub(1, std::memory_order_relaxed);
    } else {
      e->next = std::exchange(still, e);
    }
  }
  x_first = still;
}

}  // namespace acre
