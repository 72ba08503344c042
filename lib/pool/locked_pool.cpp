#include "pool/locked_pool.hpp"

#include <acre/error.hpp>

#include <pthread.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "area/cold_mutex.hpp"

namespace acre {
namespace {

constinit std::mutex all_pools_mutex;
constinit locked_pool_resource* all_pools = nullptr;

constexpr std::size_t largest_slab = std::size_t{1} << 20;

constexpr bool is_small(std::size_t bytes, std::size_t alignment) noexcept {
  return bytes <= locked_pool_resource::largest_small && alignment <= locked_pool_resource::largest_small;
}

// Classes: 8, then multiples of 16 to 128, then four to each doubling. All but the first are multiples of 16.
constexpr unsigned step_shift(std::size_t bytes) noexcept {
  return bytes <= 128 ? 4 : static_cast<unsigned>(std::bit_width(bytes - 1)) - 3;
}

// The size of the class whose blocks are large enough and, laid end to end in a slab, all aligned as asked.
constexpr std::size_t class_bytes(std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment > 16) return std::bit_ceil(std::max(bytes, alignment));
  if (bytes <= 8 && alignment <= 8) return 8;
  const std::size_t step = std::size_t{1} << step_shift(bytes);
  return (std::max<std::size_t>(bytes, 1) + step - 1) / step * step;
}

constexpr std::size_t class_index(std::size_t size) noexcept {
  const unsigned shift = step_shift(size);
  return (size >> shift) + std::size_t{4} * (shift - 4);
}
static_assert(class_index(8) == 0 && class_index(16) == 1 && class_index(128) == 8);
static_assert(class_index(160) == 9 && class_index(256) == 12 && class_index(320) == 13);
static_assert(class_index(locked_pool_resource::largest_small) == 36);

}  // namespace

locked_pool_resource::locked_pool_resource(std::pmr::memory_resource* upstream) : x_upstream(upstream) {
  install_fork_handlers();
  const std::lock_guard lock(all_pools_mutex);
  x_next = all_pools;
  if (x_next != nullptr) x_next->x_previous = this;
  all_pools = this;
}

locked_pool_resource::~locked_pool_resource() {
  {
    const std::lock_guard lock(all_pools_mutex);
    if (x_next != nullptr) x_next->x_previous = x_previous;
    (x_previous != nullptr ? x_previous->x_next : all_pools) = x_next;
  }
  for (const slab& s : x_slabs) x_upstream->deallocate(s.p, s.bytes, s.alignment);
}

std::size_t locked_pool_resource::good_size(std::size_t bytes, std::size_t alignment) const noexcept {
  if (!std::has_single_bit(alignment)) return bytes;
  if (!is_small(bytes, alignment)) return acre::good_size(*x_upstream, bytes, alignment);
  return class_bytes(bytes, alignment);
}

void* locked_pool_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (!std::has_single_bit(alignment)) {
    throw allocation_error(errc::invalid_alignment, bytes, "pool", "the alignment is not a power of two");
  }
  if (is_small(bytes, alignment)) {
    const std::size_t size = class_bytes(bytes, alignment);
    size_class& c = x_classes[class_index(size)];
    const std::lock_guard lock(x_mutex);
    if (c.free != nullptr) return std::exchange(c.free, c.free->next);
    if (c.unused_bytes < size) add_slab(c, size);
    c.unused_bytes -= size;
    return std::exchange(c.unused, c.unused + size);
  }
  // Upstreams that round up may wrap to a small block (libstdc++ 12: new_delete_resource()->allocate(-8,
  // 4096)).
  if (bytes > PTRDIFF_MAX - (alignment - 1)) {
    throw allocation_error(errc::out_of_memory, bytes, "pool", "more bytes than an address space has");
  }
  return x_upstream->allocate(bytes, alignment);
}

void locked_pool_resource::do_deallocate(void* p, std::size_t bytes, std::size_t alignment) {
  if (!is_small(bytes, alignment)) return x_upstream->deallocate(p, bytes, alignment);
  size_class& c = x_classes[class_index(class_bytes(bytes, alignment))];
  const std::lock_guard lock(x_mutex);
  c.free = ::new (p) free_block{c.free};
}

// libstdc++ 12's unsynchronized_pool_resource could do this, but swallows an exception of upstream and then
// returns a block of a chunk that it does not have.
void locked_pool_resource::add_slab(size_class& c, std::size_t block_bytes) {
  const std::size_t alignment = block_bytes & (~block_bytes + 1);
  x_slabs.push_back({nullptr, c.next_slab, alignment});
  try {
    x_slabs.back().p = x_upstream->allocate(c.next_slab, alignment);
  } catch (...) {
    x_slabs.pop_back();
    throw;
  }
  c.unused = static_cast<std::byte*>(x_slabs.back().p);
  c.unused_bytes = c.next_slab;
  c.next_slab = std::min(2 * c.next_slab, largest_slab);
}

void locked_pool_resource::install_fork_handlers() {
  cold_mutex();  // a pool calls its area under its own mutex
  static const int failed = pthread_atfork(&before_fork, &after_fork, &after_fork);
  if (failed != 0) throw std::system_error(failed, std::system_category(), "pthread_atfork");
}

// Only fork holds more than one pool's mutex, and it excludes other forks: the order does not matter.
void locked_pool_resource::before_fork() {
  all_pools_mutex.lock();
  for (locked_pool_resource* p = all_pools; p != nullptr; p = p->x_next) p->x_mutex.lock();
}

void locked_pool_resource::after_fork() {
  for (locked_pool_resource* p = all_pools; p != nullptr; p = p->x_next) p->x_mutex.unlock();
  all_pools_mutex.unlock();
}

}  // namespace acre
