// operator new fails at each of its calls in turn: what had begun ends, and nothing is lost.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/migrate.hpp>
#include <acre/node_pools.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>
#include <acre/topology.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory_resource>
#include <new>
#include <thread>
#include <utility>

#include "support/kernel.hpp"
#include "support/sanitizers.hpp"

namespace {

constexpr std::size_t never = SIZE_MAX;
std::atomic<long> live = 0;
thread_local std::size_t fails_at = never;
thread_local std::size_t calls = 0;

void* get(std::size_t bytes, std::size_t alignment) {
  if (fails_at != never && calls++ == fails_at) throw std::bad_alloc();
  void* p = nullptr;
  if (::posix_memalign(&p, std::max(alignment, sizeof p), bytes) != 0) throw std::bad_alloc();
  ++live;
  return p;
}

void put(void* p) noexcept {
  if (p != nullptr) --live;
  std::free(p);
}

}  // namespace

// The others call these.
void* operator new(std::size_t n) { return get(n, alignof(std::max_align_t)); }
void* operator new(std::size_t n, std::align_val_t a) { return get(n, static_cast<std::size_t>(a)); }
void operator delete(void* p) noexcept { put(p); }
void operator delete(void* p, std::size_t) noexcept { put(p); }
void operator delete(void* p, std::align_val_t) noexcept { put(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { put(p); }

namespace {

using namespace acre::literals;

/// Each call takes a thread, of which ThreadSanitizer makes much.
constexpr std::size_t step = acre::test::under_tsan ? 7 : 1;

/// Blocks of all kinds, live until all are made.
void use(std::pmr::memory_resource& r) {
  struct block {
    void* p;
    std::size_t bytes;
  };
  // No vector: what fails shall be the pool's.
  block blocks[60];
  std::size_t count = 0;
  const auto free_all = [&] {
    while (count != 0) {
      --count;
      r.deallocate(blocks[count].p, blocks[count].bytes);
    }
  };
  try {
    for (std::size_t i = 0; i != 20; ++i) {
      for (const std::size_t bytes : {std::size_t{100} * i, 200'000 * i, i % 10 == 0 ? 18_MiB : 8}) {
        blocks[count] = {r.allocate(bytes), bytes};
        ++count;
      }
    }
  } catch (...) {
    free_all();
    throw;
  }
  free_all();
}

const acre::pool_options unguarded{.guarding = acre::guarding::off};

const std::pair<const char*, std::function<void()>> bodies[] = {
    {"node_pools",
     [] {
       acre::node_pools pools({.pool = unguarded});
       use(pools);
       pools.trim();
     }},
    {"pool_resource",
     [] {
       acre::pool_resource pool(acre::placement::unbound(), unguarded);
       use(pool);
       pool.trim();
       use(pool);
       pool.release();
     }},
    {"guarded",
     [] {
       acre::pool_resource pool(acre::placement::unbound(), {.guarding = acre::guarding::on});
       use(pool);
     }},
    {"over an area",
     [] {
       acre::area pages(acre::placement::bind(acre::topology::system().default_nodes()));
       acre::pool_resource pool(&pages, unguarded);
       use(pool);
     }},
    {"moved blocks",
     [] {
       const unsigned node = acre::topology::system().default_nodes().first();
       acre::pool_resource pool(acre::placement::bind({node}), unguarded);
       for (const std::size_t bytes : {200'000U, 18'000'000U}) {
         void* const p = pool.allocate(bytes);
         try {
           acre::migrate(p, bytes, acre::placement::prefer({node}));
         } catch (...) {
           pool.deallocate(p, bytes);
           throw;
         }
         pool.deallocate(p, bytes);
         void* const q = pool.allocate(bytes);
         if (acre::installed_policy(q).mode != acre::policy_mode::bind) std::abort();
         pool.deallocate(q, bytes);
       }
     }},
    {"over an area that is dealt out",
     [] {
       const acre::node_id node = acre::topology::system().default_nodes().first();
       acre::area pages(acre::placement::blocked({node}));
       acre::pool_resource pool(&pages, unguarded);
       use(pool);
     }},
    {"fresh pages",
     [] {
       acre::pool_resource pool(acre::placement::local(), unguarded);
       use(pool);
     }},
};

/// In a thread of its own, whose caches end with it.
bool fails(const std::function<void()>& body, std::size_t at) {
  bool failed = true;
  std::thread([&] {
    calls = 0;
    fails_at = at;
    try {
      body();
      failed = calls > at;  // and it was coped with
    } catch (const std::exception&) {
    }
    fails_at = never;
  }).join();
  return failed;
}

}  // namespace

int main() {
  int wrong = 0;
  static_cast<void>(acre::category());  // made once, for the first error
  for (const auto& [name, body] : bodies) {
    fails(body, never - 1);  // what is made once stays
    const long before = live;
    const std::size_t mappings = acre::test::count_mappings();
    std::size_t at = 0;
    for (; fails(body, at); at += step) {
      if (live == before) continue;
      std::printf("%s: %ld blocks are lost where call %zu fails\n", name, live - before, at);
      ++wrong;
      break;
    }
    std::printf("%s: %zu calls\n", name, at);
    // The arenas and stacks of malloc and threads may be one or two more.
    // Sanitizers map for themselves.
    if (const std::size_t now = acre::test::count_mappings(); !acre::test::sanitized && now > mappings + 4) {
      std::printf("%s: %zu mappings, before %zu\n", name, now, mappings);
      ++wrong;
    }
    if (at < 10) ++wrong;
  }
  return wrong == 0 ? 0 : 1;
}
