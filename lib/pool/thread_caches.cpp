#include "pool/thread_caches.hpp"

#include <cstddef>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace acre::inline v1 {
namespace detail {

constinit thread_local thread_state this_thread;

}  // namespace detail

namespace {

using detail::this_thread;

/// Set when the thread's caches were given back: later frees go to the central lists.
constinit thread_local bool has_exited = false;

/// Where the calling thread's caches are found by their pools' ids: open addressing in a power of two of places, at
/// most half full. Without constructor and destructor, so that a thread that changes between pools looks it up
/// without calls.
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

/// The caches of one thread.
class thread_caches {
 public:
  thread_caches() = default;
  thread_caches(const thread_caches&) = delete;
  thread_caches& operator=(const thread_caches&) = delete;
  /// At the end of the thread.
  ~thread_caches();

  /// Never inlined: its registers would have to be saved where a cache is found, too.
  /// \throws std::bad_alloc
  [[gnu::noinline]] void make(cached_pool& pool);

 private:
  /// Makes room for one more and deletes dead ones.
  void make_room();
  static void put(std::vector<thread_cache*>& places, thread_cache* cache) noexcept {
    const std::size_t mask = places.size() - 1;
    std::size_t i = cache->pool_id & mask;
    while (places[i] != nullptr) i = (i + 1) & mask;
    places[i] = cache;
  }
  static void give_back(thread_cache& cache) noexcept;

  std::vector<thread_cache*> x_places;
  std::size_t x_count = 0;
  /// Caches whose pools are gone, at least: pools count them before they let go. Relaxed: it orders nothing.
  std::atomic<std::size_t> x_dead{0};
};

thread_local thread_caches caches_of_thread;

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

void thread_caches::make(cached_pool& pool) {
  make_room();
  auto* const cache = new thread_cache;
  cache->pool_id = pool.id();
  cache->pool.store(&pool, std::memory_order_relaxed);
  cache->owner = &this_thread;
  cache->dead_of_owner = &x_dead;
  pool.prepare(*cache);
  put(x_places, cache);
  ++x_count;
  const std::lock_guard guard(cached_pool::mutex());
  pool.add(*cache);
}

thread_caches::~thread_caches() {
  has_exited = true;
  table_of_thread = {no_places, 0};
  this_thread.pool_id.store(0, std::memory_order_relaxed);
  this_thread.pools_id.store(0, std::memory_order_relaxed);
  for (thread_cache* const cache : x_places) {
    if (cache == nullptr) continue;
    give_back(*cache);
    delete cache;
  }
}

void thread_caches::give_back(thread_cache& cache) noexcept {
  cached_pool::reclaimed_lists lists;
  cached_pool* pool = nullptr;
  {
    const std::lock_guard guard(cached_pool::mutex());
    pool = cache.pool.load(std::memory_order_relaxed);
    if (pool != nullptr) pool->remove(cache, lists);
  }
  if (pool == nullptr) return;
  pool->give(lists);
  pool->has_left();
}

/// Looks for the thread's bins of a pool. They are at hand under `id` from now on.
/// \returns whether there are any, and no trim() is at them
bool take_up_as(std::uint64_t id, std::atomic<std::uint64_t>& id_at_hand, detail::cache_bin*& bins_at_hand,
                std::uint64_t pool_id) noexcept {
  const std::atomic<bool>& claimed = this_thread.claimed;
  // Acquire: sees what a trim() did to this thread's caches, which released it.
  if (claimed.load(std::memory_order_acquire)) return false;
  thread_cache* const cache = table_of_thread.find(pool_id);
  if (cache == nullptr) return false;
  bins_at_hand = cache->bins.data();
  id_at_hand.store(id, detail::owner_order);
  // A trim() may have begun since claimed was looked at, and cleared the id before it was set here. Either it sees
  // that it is set again, or it is seen here: as with `busy`.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (!claimed.load(std::memory_order_seq_cst)) return true;
  id_at_hand.store(0, detail::owner_order);
  return false;
}

}  // namespace

bool detail::take_up(std::uint64_t pool_id) noexcept {
  return take_up_as(pool_id, this_thread.pool_id, this_thread.bins, pool_id);
}

bool detail::take_up_pools(std::uint64_t pools_id, std::uint64_t pool_id, unsigned cpu,
                           owner_map::entry own_granule) noexcept {
  // What is at hand must not pass for what is looked for.
  this_thread.pools_id.store(0, owner_order);
  this_thread.cpu = cpu;
  this_thread.own_granule = own_granule;
  return take_up_as(pools_id, this_thread.pools_id, this_thread.pools_bins, pool_id);
}

thread_cache* cache_of(cached_pool& pool) noexcept {
  static_assert(std::is_standard_layout_v<thread_cache> && offsetof(thread_cache, bins) == 0);
  if (this_thread.pool_id.load(detail::owner_order) == pool.id()) [[likely]]
    return reinterpret_cast<thread_cache*>(this_thread.bins);
  for (;;) {
    if (detail::take_up(pool.id())) return table_of_thread.find(pool.id());
    // Acquire: sees what a trim() did to this thread's caches, which released it.
    while (this_thread.claimed.load(std::memory_order_acquire)) {
      detail::leave();
      { const std::lock_guard until_it_has_gone(cached_pool::mutex()); }
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

}  // namespace acre::inline v1
