#include "pool/cached_pool.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "sys/threads.hpp"

namespace acre::inline v1 {
namespace {

using detail::class_bytes;
using detail::class_count;

/// More blocks in a list save no more locking worth speaking of, and keep more memory from other threads.
constexpr std::size_t most_list_blocks = 128;

/// Of a counter that its thread alone writes.
void add_one(std::atomic<std::uint64_t>& counter) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

/// Counts threads that have left any pool.
constinit std::atomic<std::uint32_t> goodbyes{0};

}  // namespace

// Relaxed: only the numbers count.
std::uint64_t next_pool_id() noexcept {
  static constinit std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// Never destroyed: static destructors free blocks.
constinit small_mutex cached_pool::x_mutex;

cached_pool::cached_pool(size_class classes, std::size_t cached) noexcept
    : x_classes(classes), x_is_cached(cached != 0), x_id(next_pool_id()) {
  for (size_class c = 0; c != class_count; ++c) {
    class_shape shape = shape_of(c);
    shape.list_blocks =
        static_cast<std::uint16_t>(std::clamp<std::size_t>(cached / 2 / class_bytes(c), 1, most_list_blocks));
    // Pools begin at different places of their spans: otherwise the first blocks of all would meet in the same few
    // lines of the processor's caches.
    shape.first_block = static_cast<std::uint16_t>((x_id * 37 + c * 11) % shape.span_blocks);
    x_lists[c].set_shape(shape);
  }
}

void* cached_pool::take_uncached(size_class c) noexcept {
  void* const p = x_lists[c].take_one();
  if (p != nullptr) x_counters.taken[c].fetch_add(1, std::memory_order_relaxed);
  return p;
}

void cached_pool::give_uncached(void* p, size_class c) noexcept {
  x_counters.given[c].fetch_add(1, std::memory_order_relaxed);
  x_lists[c].give_one(p);
}

// ---- a block that meets a cache, where its bin does not do by itself

bool cached_pool::refill(thread_cache& cache, size_class c) noexcept {
  detail::cache_bin& bin = cache.bins[c];
  central_free_list& central = x_lists[c];
  const std::uint32_t full = central.shape().list_blocks;
  const bool was_collecting = bin.is_collecting();
  block_list more;
  if (!was_collecting) more = {std::exchange(bin.spare, nullptr), full};
  if (more.head == nullptr) {
    more = central.take();
    if (more.head != nullptr) add_one(cache.refills);
  }
  // What was collected does, rather than another span.
  if (more.head == nullptr && was_collecting) {
    const auto collected = static_cast<std::uint32_t>(bin.collected());
    more = {std::exchange(bin.spare, nullptr), collected};
  }
  if (more.head == nullptr) return false;
  bin.head = more.head;
  if (was_collecting) {
    bin.limit += full;
    if (bin.spare != nullptr) {
      central.give(std::exchange(bin.spare, nullptr));
      add_one(cache.flushes);
    }
  }
  bin.limit -= more.blocks;
  return true;
}

void cached_pool::put(void* p, thread_cache& cache, size_class c) noexcept {
  detail::cache_bin& bin = cache.bins[c];
  const std::int64_t full = x_lists[c].shape().list_blocks;
  if (bin.is_collecting()) return bin.collect(p, full);
  if (!bin.has_room()) {
    if (bin.spare != nullptr) {
      x_lists[c].give_full(bin.spare);
      add_one(cache.flushes);
    }
    bin.spare = std::exchange(bin.head, nullptr);
    bin.limit += full;
  }
  bin.push(p);
}

// ---- caches' beginnings and ends

void cached_pool::prepare(thread_cache& cache) const noexcept {
  for (size_class c = 0; c != class_count; ++c) {
    const bool used = has_class(c) && is_cached();
    // No room at first: see cache_bin::is_collecting().
    cache.bins[c].limit = used ? 0 : std::numeric_limits<std::int64_t>::min();
  }
}

void cached_pool::add(thread_cache& cache) noexcept {
  cache.next = x_caches;
  if (x_caches != nullptr) x_caches->previous = &cache;
  x_caches = &cache;
}

void cached_pool::unlink(thread_cache& cache) noexcept {
  if (cache.next != nullptr) cache.next->previous = cache.previous;
  (cache.previous != nullptr ? cache.previous->next : x_caches) = cache.next;
}

void cached_pool::remove(thread_cache& cache, reclaimed_lists& to) noexcept {
  take_lists(cache, to);
  retire(cache);
  unlink(cache);
  x_leaving.fetch_add(1, std::memory_order_relaxed);
}

// The pool may be gone afterwards: whoever waits for that is not told through it.
void cached_pool::has_left() noexcept {
  // Release: the pool's end comes after all that was done to it.
  x_leaving.fetch_sub(1, std::memory_order_release);
  goodbyes.fetch_add(1, std::memory_order_release);
  goodbyes.notify_all();
}

void cached_pool::wait_for_leaving_threads() const noexcept {
  for (;;) {
    const std::uint32_t before = goodbyes.load(std::memory_order_acquire);
    if (x_leaving.load(std::memory_order_acquire) == 0) return;
    goodbyes.wait(before, std::memory_order_relaxed);
  }
}

void cached_pool::end_caches() noexcept {
  {
    const std::lock_guard guard(x_mutex);
    for (thread_cache* cache = std::exchange(x_caches, nullptr); cache != nullptr;) {
      thread_cache* const next = cache->next;
      retire(*cache);
      // Ids are never used again, but those of node_pools stay when one of their pools is released.
      cache->owner->pools_id.store(0, std::memory_order_relaxed);
      // Before the owner may delete it.
      cache->dead_of_owner->fetch_add(1, std::memory_order_relaxed);
      cache->pool.store(nullptr, std::memory_order_release);
      cache = next;
    }
  }
  wait_for_leaving_threads();
}

void cached_pool::clear() noexcept {
  end_caches();
  for (central_free_list& l : x_lists) l.clear();
  for (size_class c = 0; c != class_count; ++c) x_counters.given[c] = x_counters.taken[c].load();
  x_id = next_pool_id();
}

// ---- lists out of caches

void cached_pool::take_lists(thread_cache& cache, reclaimed_lists& to) noexcept {
  using list_of_lists = reclaimed_lists::list_of_lists;
  const auto add = [](list_of_lists*& lists, free_block* head) {
    if (head != nullptr) lists = ::new (static_cast<void*>(head)) list_of_lists{{head->next}, lists};
  };
  if (!is_cached()) return;
  for (size_class c = 0; c != x_classes; ++c) {
    detail::cache_bin& bin = cache.bins[c];
    auto& [full, others] = to.classes[c];
    if (bin.is_collecting()) {
      add(others, std::exchange(bin.spare, nullptr));
      continue;
    }
    add(bin.has_room() ? others : full, std::exchange(bin.head, nullptr));
    add(full, std::exchange(bin.spare, nullptr));
    bin.limit = bin.surplus() + x_lists[c].shape().list_blocks;
  }
}

void cached_pool::give(const reclaimed_lists& lists) noexcept {
  const auto for_each = [](reclaimed_lists::list_of_lists* l, auto f) {
    while (l != nullptr) f(*std::exchange(l, l->next_list));
  };
  for (size_class c = 0; c != class_count; ++c) {
    for_each(lists.classes[c].full, [&](free_block& head) { x_lists[c].give_full(&head); });
    for_each(lists.classes[c].others, [&](free_block& head) { x_lists[c].give(&head); });
  }
}

/// Under the mutex. Of threads that are not inside a pool's functions.
template <class Wanted>
void cached_pool::take_lists_of(reclaimed_lists& to, Wanted is_wanted) noexcept {
  // Sequentially consistent throughout: see thread_state::busy.
  for (thread_cache* c = x_caches; c != nullptr; c = c->next) {
    if (!is_wanted(*c)) continue;
    c->owner->claimed.store(true);
    c->owner->pool_id.store(0);
    c->owner->pools_id.store(0);
  }
  const bool passed = sys::barrier_in_all_threads();
  for (thread_cache* c = x_caches; c != nullptr; c = c->next) {
    if (!is_wanted(*c)) continue;
    // Whatever node_pools the owner took up again meanwhile: it may be those of this pool.
    const bool is_outside = passed && !c->owner->busy.load() && c->owner->pool_id.load() != c->pool_id &&
                            c->owner->pools_id.load() == 0;
    if (is_outside || c->owner == &detail::this_thread) {
      take_lists(*c, to);
      c->is_reclaimed = true;
    }
    c->owner->claimed.store(false);
  }
}

void cached_pool::reclaim_caches() noexcept {
  reclaimed_lists taken;
  {
    const std::lock_guard guard(x_mutex);
    take_lists_of(taken, [](const thread_cache&) { return true; });
  }
  give(taken);
}

void cached_pool::reclaim_idle_caches() noexcept {
  reclaimed_lists taken;
  {
    const std::lock_guard guard(x_mutex);
    bool any = false;
    for (thread_cache* c = x_caches; c != nullptr; c = c->next) {
      const std::uint64_t used = c->used();
      c->is_idle = c->owner != &detail::this_thread && used == c->used_before && !c->is_reclaimed;
      if (used != c->used_before) c->is_reclaimed = false;
      c->used_before = used;
      any = any || c->is_idle;
    }
    if (any) take_lists_of(taken, [](const thread_cache& c) { return c.is_idle; });
  }
  give(taken);
}

// ---- counting

void cached_pool::retire(const thread_cache& cache) noexcept {
  std::uint64_t taken = 0;
  for (size_class c = 0; c != class_count; ++c) {
    const std::uint64_t t = cache.bins[c].taken.load(std::memory_order_relaxed);
    x_counters.taken[c].fetch_add(t, std::memory_order_relaxed);
    x_counters.given[c].fetch_add(cache.bins[c].given.load(std::memory_order_relaxed),
                                  std::memory_order_relaxed);
    taken += t;
  }
  const std::uint64_t refills = cache.refills.load(std::memory_order_relaxed);
  x_counters.hits.fetch_add(taken - std::min(taken, refills), std::memory_order_relaxed);
  x_counters.refills.fetch_add(refills, std::memory_order_relaxed);
  x_counters.flushes.fetch_add(cache.flushes.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

void cached_pool::add_to(pool_statistics& s) const {
  std::array<std::uint64_t, class_count> live{};
  const auto add = [&](size_class c, std::uint64_t taken, std::uint64_t given) {
    s.allocations += taken;
    s.deallocations += given;
    live[c] += taken - given;
  };
  const std::lock_guard caches_stay(x_mutex);
  for (const thread_cache* at = x_caches; at != nullptr; at = at->next) {
    std::uint64_t taken = 0;
    for (size_class c = 0; c != class_count; ++c) {
      const std::uint64_t t = at->bins[c].taken.load(std::memory_order_relaxed);
      add(c, t, at->bins[c].given.load(std::memory_order_relaxed));
      taken += t;
    }
    const std::uint64_t refills = at->refills.load(std::memory_order_relaxed);
    s.refills += refills;
    s.flushes += at->flushes.load(std::memory_order_relaxed);
    s.cache_hits += taken - std::min(taken, refills);
    ++s.thread_caches;
  }
  for (size_class c = 0; c != class_count; ++c) {
    add(c, x_counters.taken[c].load(std::memory_order_relaxed),
        x_counters.given[c].load(std::memory_order_relaxed));
    // Counted while blocks move from thread to thread, a class may seem to have fewer than none.
    const auto blocks =
        static_cast<std::uint64_t>(std::max<std::int64_t>(static_cast<std::int64_t>(live[c]), 0));
    s.live_blocks += blocks;
    s.live_bytes += blocks * class_bytes(c);
  }
  s.cache_hits += x_counters.hits.load(std::memory_order_relaxed);
  s.refills += x_counters.refills.load(std::memory_order_relaxed);
  s.flushes += x_counters.flushes.load(std::memory_order_relaxed);
}

// ---- fork

void cached_pool::lock_for_fork() noexcept {
  for (central_free_list& l : x_lists) l.lock_for_fork();
}

void cached_pool::unlock_after_fork() noexcept {
  for (central_free_list& l : x_lists) l.unlock_after_fork();
}

// While only the forking thread is left, the others' caches are as torn as their threads were: what was in them is
// lost to the child.
void cached_pool::forget_other_threads() noexcept {
  for (thread_cache* cache = x_caches; cache != nullptr;) {
    thread_cache* const next = cache->next;
    if (cache->owner != &detail::this_thread) {
      retire(*cache);
      unlink(*cache);
      delete cache;
    }
    cache = next;
  }
}

}  // namespace acre::inline v1
