// cached_blocks: a pool of small blocks of one span, which the test has made, and what threads do with its caches.
#pragma once

#include <acre/bytes.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <memory_resource>

#include "pool/slab.hpp"
#include "pool/thread_caches.hpp"

namespace acre::test {

inline constexpr size_class chosen = detail::class_of(1024);

/// The thread is inside a pool's functions as long as this lives.
class busy {
 public:
  busy() noexcept { detail::enter(0); }
  busy(const busy&) = delete;
  busy& operator=(const busy&) = delete;
  ~busy() { detail::leave(); }
};

inline thread_cache* cache_here(cached_pool& pool) noexcept {
  const busy inside;
  return cache_of(pool);
}

/// What pool_core does, but for spans: that there are enough blocks is the test's business.
inline void* take(cached_pool& pool) noexcept {
  const busy inside;
  thread_cache& cache = *cache_of(pool);
  detail::cache_bin& bin = cache.bins[chosen];
  if (bin.head == nullptr) static_cast<void>(pool.refill(cache, chosen));
  return bin.pop();
}
inline void give(cached_pool& pool, void* p) noexcept {
  const busy inside;
  pool.put(p, *cache_of(pool), chosen);
}

struct a_pool {
  a_pool() { BOOST_TEST_REQUIRE(pool.list(chosen).add_span(span)); }
  a_pool(const a_pool&) = delete;
  a_pool& operator=(const a_pool&) = delete;
  ~a_pool() {
    pool.end_caches();
    std::pmr::new_delete_resource()->deallocate(span, bytes(), unit_bytes);
  }
  static std::size_t bytes() { return shape_of(chosen).span_units * unit_bytes; }
  static std::size_t blocks() { return shape_of(chosen).span_blocks; }

  pool_statistics counted() const {
    pool_statistics s;
    pool.add_to(s);
    return s;
  }
  /// How many the central list has.
  std::size_t take_all_central_ones() {
    std::size_t n = 0;
    for (block_list l = pool.list(chosen).take(); l.head != nullptr; l = pool.list(chosen).take())
      n += l.blocks;
    return n;
  }

  cached_pool pool{detail::class_count, 64_KiB};
  void* span = std::pmr::new_delete_resource()->allocate(bytes(), unit_bytes);
};

}  // namespace acre::test
