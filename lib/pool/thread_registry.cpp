#include "pool/thread_registry.hpp"

#include <cstddef>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "base/fork_handlers.hpp"
#include "base/small_mutex.hpp"
#include "pool/pool_core.hpp"
#include "sys/threads.hpp"

namespace acre::inline v1 {
namespace detail {

constinit thread_local thread_state this_thread;

}  // namespace detail

namespace {

using detail::this_thread;

// Never destroyed: static destructors free blocks.
constinit small_mutex registry_mutex;
constinit pool_core* all_pools = nullptr;

constinit std::atomic<std::uint64_t> last_pool_id{0};

/// Set when the thread's caches were given back: later frees go to the centre.
constinit thread_local bool has_exited = false;

/// Where the calling thread's caches are found by their pools' ids: open addressing in a power of two of places, at most
/// half full. Without constructor and destructor, so that a thread that changes between pools looks it up without calls.
struct cache_table {
  thread_cache* const* places;
  std::size_t mask;

  thread_cache* find(std::uint64_t id) const noexcept {
    // Ids are counted up: they spread by themselves.
    for (std::size_t i = id & mask; places[i] != nullptr; i = (i + 1) & mask) {
      if (places[i]->pool_id == id) return places[i];
    }
    return nullptr;
  }
};
constexpr thread_cache* no_places[] = {nullptr};
constinit thread_local cache_table table_of_thread [[gnu::tls_model("initial-exec")]] = {no_places, 0};

void link(pool_core& pool, thread_cache& cache) noexcept {
  auto& first = pool.registered().caches;
  cache.next = first;
  if (first != nullptr) first->previous = &cache;
  first = &cache;
}

void unlink(pool_core& pool, thread_cache& cache) noexcept {
  if (cache.next != nullptr) cache.next->previous = cache.previous;
  (cache.previous != nullptr ? cache.previous->next : pool.registered().caches) = cache.next;
}

/// Counts guests that went.
constinit std::atomic<std::uint32_t> goodbyes{0};

/// The pool may be gone afterwards: whoever waits for that is not told through it.
void say_goodbye(pool_core& pool) noexcept {
  // Release: the pool's end comes after all that was done to it.
  pool.registered().guests.fetch_sub(1, std::memory_order_release);
  goodbyes.fetch_add(1, std::memory_order_release);
  goodbyes.notify_all();
}

/// Those that are there. They wait for nothing but the locks of the pool's centres.
void wait_for_guests(const pool_core& pool) noexcept {
  for (;;) {
    const std::uint32_t before = goodbyes.load(std::memory_order_acquire);
    if (pool.registered().guests.load(std::memory_order_acquire) == 0) return;
    goodbyes.wait(before, std::memory_order_relaxed);
  }
}

}  // namespace

/// The caches of one thread.
class thread_caches {
 public:
  thread_caches() = default;
  thread_caches(const thread_caches&) = delete;
  thread_caches& operator=(const thread_caches&) = delete;
  /// At the end of the thread.
  ~thread_caches();

  /// \throws std::bad_alloc
  void make(pool_core& pool);
  /// Before the cache's pool becomes null.
  void count_dead() noexcept { x_dead.fetch_add(1, std::memory_order_relaxed); }

 private:
  /// Makes room for one more and deletes dead ones.
  void make_room();
  static void put(std::vector<thread_cache*>& places, thread_cache* cache) noexcept {
    const std::size_t mask = places.size() - 1;
    std::size_t i = cache->pool_id & mask;
    while (places[i] != nullptr) i = (i + 1) & mask;
    places[i] = cache;
  }

  std::vector<thread_cache*> x_places;
  std::size_t x_count = 0;
  std::atomic<std::size_t> x_dead{0};  ///< so many of them at most; relaxed: it orders nothing
};

namespace {

thread_local thread_caches caches_of_thread;

}  // namespace

void thread_caches::make_room() {
  const std::size_t dead = x_dead.load(std::memory_order_relaxed);
  if (2 * (x_count + 1) <= x_places.size() && 2 * dead <= x_count) return;
  std::size_t size = 16;
  while (size < 4 * (x_count + 1 - dead)) size *= 2;
  std::vector<thread_cache*> places(size);
  std::size_t deleted = 0;
  for (thread_cache* const cache : std::exchange(x_places, {})) {
    if (cache == nullptr) continue;
    // Acquire: nobody else touches it after that.
    if (deleted != dead && cache->pool.load(std::memory_order_acquire) == nullptr) {
      delete cache;
      ++deleted;
    } else {
      put(places, cache);
    }
  }
  x_dead.fetch_sub(deleted, std::memory_order_relaxed);
  x_count -= deleted;
  x_places.swap(places);
  table_of_thread = {x_places.data(), x_places.size() - 1};
}

void thread_caches::make(pool_core& pool) {
  make_room();
  auto* const cache = new thread_cache;
  cache->pool_id = pool.id();
  cache->pool.store(&pool, std::memory_order_relaxed);
  cache->owner = &this_thread;
  cache->home = this;
  pool.prepare(*cache);
  put(x_places, cache);
  ++x_count;
  const std::lock_guard guard(registry_mutex);
  link(pool, *cache);
}

thread_caches::~thread_caches() {
  has_exited = true;
  table_of_thread = {no_places, 0};
  this_thread.pool_id.store(0, std::memory_order_relaxed);
  for (thread_cache* const cache : x_places) {
    if (cache == nullptr) continue;
    pool_core::reclaimed_lists lists{};
    pool_core* pool = nullptr;
    {
      const std::lock_guard guard(registry_mutex);
      pool = cache->pool.load(std::memory_order_relaxed);
      if (pool != nullptr) {
        pool->take_lists(*cache, lists);
        pool->retire(*cache);
        unlink(*pool, *cache);
        pool->registered().guests.fetch_add(1, std::memory_order_relaxed);
      }
    }
    delete cache;
    if (pool == nullptr) continue;
    pool->give(lists);
    say_goodbye(*pool);
  }
}

bool detail::take_up(std::uint64_t pool_id) noexcept {
  thread_state& t = this_thread;
  // Acquire: sees what a trim() did to this thread's caches, which released it.
  if (t.claimed.load(std::memory_order_acquire)) return false;
  thread_cache* const cache = table_of_thread.find(pool_id);
  if (cache == nullptr) return false;
  t.bins = cache->bins.data();
  t.pool_id.store(pool_id, owner_order);
  // A trim() may have begun since claimed was looked at, and cleared pool_id before it was set here. Either it sees that
  // it is set again, or it is seen here: as with `busy`.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (!t.claimed.load(std::memory_order_seq_cst)) return true;
  t.pool_id.store(0, owner_order);
  return false;
}

namespace thread_registry {
namespace {

/// Under the mutex. Of threads that are not inside a pool's functions.
template <class Wanted>
void take_lists_of(pool_core& pool, pool_core::reclaimed_lists& taken, Wanted is_wanted) noexcept {
  thread_cache* const first = pool.registered().caches;
  // Sequentially consistent throughout: see thread_state::busy.
  for (thread_cache* c = first; c != nullptr; c = c->next) {
    if (!is_wanted(*c)) continue;
    c->owner->claimed.store(true);
    c->owner->pool_id.store(0);
  }
  const bool passed = sys::barrier_in_all_threads();
  for (thread_cache* c = first; c != nullptr; c = c->next) {
    if (!is_wanted(*c)) continue;
    const bool is_outside = passed && !c->owner->busy.load() && c->owner->pool_id.load() != c->pool_id;
    if (is_outside || c->owner == &this_thread) {
      pool.take_lists(*c, taken);
      c->is_reclaimed = true;
    }
    c->owner->claimed.store(false);
  }
}

// While only the forking thread is left, the others' caches are as torn as their threads were: what was in them is lost to
// the child.
void forget_other_threads_of(pool_core& pool) noexcept {
  pool.forget_other_threads();
  for (thread_cache* cache = pool.registered().caches; cache != nullptr;) {
    thread_cache* const next = cache->next;
    if (cache->owner != &this_thread) {
      pool.retire(*cache);
      unlink(pool, *cache);
      delete cache;
    }
    cache = next;
  }
}

template <class F>
void for_each_pool(F f) noexcept {
  for (pool_core* p = all_pools; p != nullptr; p = p->registered().next) f(*p);
}

// Only fork holds more than one pool's mutexes, and there is one fork at a time: their order does not matter.
constexpr fork_actions pools_in_fork{
    .lock =
        []() noexcept {
          registry_mutex.lock_for_fork();
          for_each_pool([](pool_core& p) {
            wait_for_guests(p);  // the child has no such threads
            p.lock_for_fork();
          });
        },
    .unlock =
        []() noexcept {
          for_each_pool([](pool_core& p) { p.unlock_after_fork(); });
          registry_mutex.unlock_after_fork();
        },
    .forget_other_threads = []() noexcept { for_each_pool(forget_other_threads_of); }};

bool hold_pools_in_fork() {
  static const bool is_held = (hold_in_fork(fork_part::pools, pools_in_fork), true);
  return is_held;
}
[[maybe_unused]] const bool pools_are_held_from_the_start = hold_pools_in_fork();

}  // namespace

// Relaxed: only the numbers count.
std::uint64_t next_pool_id() noexcept { return last_pool_id.fetch_add(1, std::memory_order_relaxed) + 1; }

void add(pool_core& pool) {
  hold_pools_in_fork();
  const std::lock_guard guard(registry_mutex);
  // Made by somebody's fork handler: fork() holds it too, or the child might find it locked by another thread.
  if (is_forking()) pool.lock_for_fork();
  auto& own = pool.registered();
  own.previous = nullptr;
  own.next = all_pools;
  if (all_pools != nullptr) all_pools->registered().previous = &pool;
  all_pools = &pool;
}

void remove(pool_core& pool) noexcept {
  {
    const std::lock_guard guard(registry_mutex);
    auto& own = pool.registered();
    for (thread_cache* cache = std::exchange(own.caches, nullptr); cache != nullptr;) {
      thread_cache* const next = cache->next;
      pool.retire(*cache);
      cache->home->count_dead();
      cache->pool.store(nullptr, std::memory_order_release);
      cache = next;
    }
    if (own.next != nullptr) own.next->registered().previous = own.previous;
    (own.previous != nullptr ? own.previous->registered().next : all_pools) = own.next;
  }
  wait_for_guests(pool);
}

thread_cache* cache_of(pool_core& pool) noexcept {
  for (;;) {
    if (detail::take_up(pool.id())) return table_of_thread.find(pool.id());
    // Acquire: sees what a trim() did to this thread's caches, which released it.
    while (this_thread.claimed.load(std::memory_order_acquire)) {
      detail::leave();
      { const std::lock_guard until_it_has_gone(registry_mutex); }
      detail::enter(0);
    }
    if (table_of_thread.find(pool.id()) != nullptr) continue;
    if (has_exited) return nullptr;
    detail::leave();  // a trim() need not wait for that
    bool made = true;
    try {
      caches_of_thread.make(pool);
    } catch (const std::bad_alloc&) {
      made = false;
    }
    detail::enter(0);
    if (!made) return nullptr;
  }
}

void reclaim_caches(pool_core& pool) noexcept {
  pool_core::reclaimed_lists taken{};
  {
    const std::lock_guard guard(registry_mutex);
    take_lists_of(pool, taken, [](const thread_cache&) { return true; });
  }
  pool.give(taken);
}

void reclaim_idle_caches(pool_core& pool) noexcept {
  pool_core::reclaimed_lists taken{};
  {
    const std::lock_guard guard(registry_mutex);
    bool any = false;
    for (thread_cache* c = pool.registered().caches; c != nullptr; c = c->next) {
      const std::uint64_t used = c->used();
      c->is_idle = c->owner != &this_thread && used == c->used_before && !c->is_reclaimed;
      if (used != c->used_before) c->is_reclaimed = false;
      c->used_before = used;
      any = any || c->is_idle;
    }
    if (any) take_lists_of(pool, taken, [](const thread_cache& c) { return c.is_idle; });
  }
  pool.give(taken);
}

std::unique_lock<small_mutex> hold() noexcept { return std::unique_lock(registry_mutex); }

}  // namespace thread_registry
}  // namespace acre::inline v1
