#include "pool/locked_pool.hpp"

#include <acre/error.hpp>

#include <pthread.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <system_error>

namespace acre {
namespace {

constinit std::mutex all_pools_mutex;
constinit locked_pool_resource* all_pools = nullptr;

// libstdc++ 12 grows each chunk to max_blocks_per_chunk blocks, whatever their size. Upstream gives whole pages and
// a mapping for each chunk, so chunks shall grow to 64 KiB..1 MiB: hence three pools with limits of their own.
struct pool_shape {
  std::size_t largest_block;
  std::size_t blocks_per_chunk;
};
constexpr std::array<pool_shape, 3> shapes{{{128, 8192}, {1024, 1024}, {locked_pool_resource::largest_small, 64}}};

constexpr std::pmr::pool_options options_of(const pool_shape& s) { return {s.blocks_per_chunk, s.largest_block}; }

constexpr bool is_small(std::size_t bytes, std::size_t alignment) noexcept {
  return bytes <= locked_pool_resource::largest_small && alignment <= locked_pool_resource::largest_small;
}

// The size to ask of a pool so that its block is aligned: libstdc++'s pools look only at the size (GCC 12 does not
// even align a block of 24 bytes to 16), and their blocks of a power of two are aligned to it.
constexpr std::size_t small_size(std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment <= 8) return std::max<std::size_t>(bytes, 1);
  if (alignment == 16) return std::max<std::size_t>((bytes + 15) / 16 * 16, 16);
  return std::bit_ceil(std::max(bytes, alignment));
}

}  // namespace

locked_pool_resource::locked_pool_resource(std::pmr::memory_resource* upstream)
    : x_upstream(upstream),
      x_pools{std::pmr::unsynchronized_pool_resource(options_of(shapes[0]), upstream),
              std::pmr::unsynchronized_pool_resource(options_of(shapes[1]), upstream),
              std::pmr::unsynchronized_pool_resource(options_of(shapes[2]), upstream)} {
  install_fork_handlers();
  const std::lock_guard lock(all_pools_mutex);
  x_next = all_pools;
  if (x_next != nullptr) x_next->x_previous = this;
  all_pools = this;
}

locked_pool_resource::~locked_pool_resource() {
  const std::lock_guard lock(all_pools_mutex);
  if (x_next != nullptr) x_next->x_previous = x_previous;
  (x_previous != nullptr ? x_previous->x_next : all_pools) = x_next;
}

std::size_t locked_pool_resource::good_size(std::size_t bytes, std::size_t alignment) const noexcept {
  if (!std::has_single_bit(alignment)) return bytes;
  if (!is_small(bytes, alignment)) return acre::good_size(*x_upstream, bytes, alignment);
  return small_size(bytes, alignment);
}

void* locked_pool_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (!std::has_single_bit(alignment)) {
    throw error(errc::invalid_alignment,
                "allocate: an alignment is a power of two, not " + std::to_string(alignment));
  }
  if (is_small(bytes, alignment)) {
    const std::size_t size = small_size(bytes, alignment);
    const std::lock_guard lock(x_mutex);
    return pool_for(size).allocate(size, alignment);
  }
  // Upstreams that round up wrap to a small block (libstdc++ 12: new_delete_resource()->allocate(-8, 4096)).
  if (bytes > PTRDIFF_MAX - (alignment - 1)) {
    throw allocation_error(errc::out_of_memory, bytes, "pool", "more bytes than an address space has");
  }
  return x_upstream->allocate(bytes, alignment);
}

void locked_pool_resource::do_deallocate(void* p, std::size_t bytes, std::size_t alignment) {
  if (!is_small(bytes, alignment)) return x_upstream->deallocate(p, bytes, alignment);
  const std::size_t size = small_size(bytes, alignment);
  const std::lock_guard lock(x_mutex);
  pool_for(size).deallocate(p, size, alignment);
}

std::pmr::unsynchronized_pool_resource& locked_pool_resource::pool_for(std::size_t small_bytes) noexcept {
  std::size_t i = 0;
  while (small_bytes > shapes[i].largest_block) ++i;
  return x_pools[i];
}

void locked_pool_resource::install_fork_handlers() {
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
