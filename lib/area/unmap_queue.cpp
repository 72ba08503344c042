#include "area/unmap_queue.hpp"

#include <mutex>
#include <new>

#include "area/cold_mutex.hpp"
#include "sys/pages.hpp"

namespace acre {

void unmap_queue::unmap(void* p, std::size_t bytes, bool shared) noexcept {
  if (sys::unmap(p, bytes) == 0) {
    if (waiting() != 0) retry();
    return;
  }
  if (shared) {
    sys::remove(p, bytes);
  } else {
    sys::discard(p, bytes);
  }
  const std::lock_guard lock(cold_mutex());
  x_first = ::new (p) entry{x_first, bytes};
  x_waiting.fetch_add(1, std::memory_order_relaxed);
}

void unmap_queue::retry() noexcept {
  const std::lock_guard lock(cold_mutex());
  while (x_first != nullptr) {
    const entry e = *x_first;
    if (sys::unmap(x_first, e.bytes) != 0) return;
    x_first = e.next;
    x_waiting.fetch_sub(1, std::memory_order_relaxed);
  }
}

}  // namespace acre
