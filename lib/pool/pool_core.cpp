#include "pool/pool_core.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "pool/poison.hpp"

namespace acre::inline v1 {
namespace {

using detail::class_bytes;
using detail::class_count;

/// More blocks in a list save no more locking worth speaking of, and keep more memory from other threads.
constexpr std::size_t most_list_blocks = 128;
constexpr std::size_t most_cached = std::size_t{16} << 20;

pool_options checked(pool_options o) {
  if (o.largest_small > detail::largest_class) {
    throw error(errc::invalid_argument, "pool_options::largest_small: " + format_bytes(o.largest_small) +
                                            " is more than " + format_bytes(detail::largest_class));
  }
  if (o.cached > most_cached) {
    throw error(errc::invalid_argument, "pool_options::cached: " + format_bytes(o.cached) + " is more than " +
                                            format_bytes(most_cached));
  }
  if (o.limit && *o.limit < unit_bytes) {
    throw error(errc::invalid_argument, "pool_options::limit: " + format_bytes(*o.limit) + " is less than " +
                                            format_bytes(unit_bytes) + ", the least that a pool takes");
  }
  if (o.decay.count() < 0) {
    throw error(errc::invalid_argument,
                "pool_options::decay: " + std::to_string(o.decay.count()) + " ms is less than 0");
  }
  // A century does what infinity would.
  o.decay = std::min(o.decay, std::chrono::milliseconds(std::chrono::hours(24 * 36'500)));
  return o;
}

/// Where a block is placed from its beginning, or by first touch, small ones are smaller: they lie where their span does.
constexpr std::size_t largest_in_spans = std::size_t{32} << 10;

size_class classes_in_use(const pool_options& o, page_reuse reuse) {
  const std::size_t largest =
      reuse == page_reuse::any ? o.largest_small : std::min(o.largest_small, largest_in_spans);
  return largest == 0 ? 0 : detail::class_of(largest) + 1;
}

bool wants_guard(guarding g) { return g == guarding::on || (g == guarding::automatic && poison::watched()); }

}  // namespace

pool_core::pool_core(std::unique_ptr<page_source> pages, pool_options options)
    : x_options(checked(std::move(options))),
      x_classes(classes_in_use(x_options, pages->reuse())),
      x_id(thread_registry::next_pool_id()),
      x_heap(poison::watched() || poison::seeks_leaks() ? watch(std::move(pages)) : std::move(pages),
             x_options) {
  for (size_class c = 0; c != class_count; ++c) {
    class_shape shape = shape_of(c);
    shape.list_blocks = static_cast<std::uint16_t>(
        std::clamp<std::size_t>(x_options.cached / 2 / class_bytes(c), 1, most_list_blocks));
    // Pools begin at different places of their spans: otherwise the first blocks of all would meet in the same few
    // lines of the processor's caches.
    shape.first_block = static_cast<std::uint16_t>((x_id * 37 + c * 11) % shape.span_blocks);
    x_centres[c].set_shape(shape);
  }
  if (wants_guard(x_options.guarding)) x_guard.emplace();
  thread_registry::add(*this);
}

pool_core::~pool_core() { thread_registry::remove(*this); }

// ---- one block

void* pool_core::allocate_small(size_class c) {
  for (;; detail::enter(0)) {
    thread_cache* const cache = is_cached() ? thread_registry::cache_of(*this) : nullptr;
    if (cache == nullptr) {
      detail::leave();
      return allocate_uncached(c);
    }
    detail::cache_bin& bin = cache->bins[c];
    block_list more{bin.head, 0};
    if (bin.head == nullptr && bin.spare != nullptr) {
      more = {std::exchange(bin.spare, nullptr), x_centres[c].shape().list_blocks};
    } else if (bin.head == nullptr) {
      more = x_centres[c].take();
      const std::uint64_t refills = cache->refills.load(std::memory_order_relaxed);
      if (more.head != nullptr) cache->refills.store(refills + 1, std::memory_order_relaxed);
    }
    if (more.head != nullptr) {
      bin.head = more.head;
      bin.limit -= more.blocks;
      void* const p = bin.pop();
      detail::leave();
      return p;
    }
    detail::leave();  // upstream may be called, and call back
    add_span(c);
  }
}

void pool_core::deallocate_small(void* p, size_class c) noexcept {
  thread_cache* const cache = is_cached() ? thread_registry::cache_of(*this) : nullptr;
  if (cache == nullptr) {
    detail::leave();
    return deallocate_uncached(p, c);
  }
  detail::cache_bin& bin = cache->bins[c];
  if (!bin.has_room()) {
    if (bin.spare != nullptr) {
      x_centres[c].give_full(bin.spare);
      cache->flushes.store(cache->flushes.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    bin.spare = std::exchange(bin.head, nullptr);
    bin.limit += x_centres[c].shape().list_blocks;
  }
  bin.push(p);
  detail::leave();
}

template <class Allocate>
void* pool_core::try_twice(Allocate allocate) {
  try {
    return allocate();
  } catch (const std::bad_alloc&) {
    if (!reclaim()) throw;
  }
  return allocate();
}

void* pool_core::allocate_large(std::size_t bytes, std::size_t alignment) {
  return try_twice([&] { return x_heap.allocate(bytes, alignment); });
}

void pool_core::add_span(size_class c) {
  const std::size_t units = x_centres[c].shape().span_units;
  void* const span = try_twice([&] { return x_heap.allocate_span(units); });
  if (!x_centres[c].add_span(span)) x_heap.deallocate_span(span, units);
  take_from_idle_threads();
}

/// Here, because it is where small blocks need more memory: once for each time that the heap's free memory grew older.
void pool_core::take_from_idle_threads() noexcept {
  const std::uint32_t ages = x_heap.ages();
  if (ages == x_ages_seen.load(std::memory_order_relaxed)) return;
  if (x_ages_seen.exchange(ages, std::memory_order_relaxed) != ages)
    thread_registry::reclaim_idle_caches(*this);
}

void* pool_core::allocate_uncached(size_class c) {
  for (;;) {
    if (void* const p = x_centres[c].take_one()) {
      x_counters.taken[c].fetch_add(1, std::memory_order_relaxed);
      return p;
    }
    add_span(c);
  }
}

void pool_core::deallocate_uncached(void* p, size_class c) noexcept {
  x_counters.given[c].fetch_add(1, std::memory_order_relaxed);
  x_centres[c].give_one(p);
}

std::size_t pool_core::good_size(std::size_t bytes, std::size_t alignment) const noexcept {
  // Who is told of more bytes may use them, and the guard forbids them.
  return is_guarded() ? bytes : block_bytes(bytes, alignment);
}

std::size_t pool_core::block_bytes(std::size_t bytes, std::size_t alignment) const noexcept {
  if (detail::is_small(bytes, alignment)) {
    const size_class c = detail::class_of(bytes, alignment);
    if (has_class(c)) return class_bytes(c);
  }
  return std::has_single_bit(alignment) ? x_heap.good_size(bytes, alignment) : bytes;
}

// ---- all of them

void pool_core::release() {
  thread_registry::remove(*this);
  if (x_guard) x_guard->clear();
  for (centre& c : x_centres) c.clear();
  x_heap.release();
  for (size_class c = 0; c != class_count; ++c) x_counters.given[c] = x_counters.taken[c].load();
  x_id = thread_registry::next_pool_id();
  thread_registry::add(*this);
}

std::size_t pool_core::trim() {
  x_trims.fetch_add(1, std::memory_order_relaxed);
  if (x_guard) wake_all();
  thread_registry::reclaim_caches(*this);
  free_empty_spans();
  return x_heap.trim();
}

std::size_t pool_core::free_empty_spans() {
  std::size_t freed = 0;
  for (centre& c : x_centres) {
    free_block* spans = nullptr;
    {
      const auto stay = x_heap.hold_slabs();
      spans = c.take_empty_spans(x_heap);
    }
    for (; spans != nullptr; ++freed)
      x_heap.deallocate_span(std::exchange(spans, spans->next), c.shape().span_units);
  }
  return freed;
}

/// Upstream has no more: what is free here may do.
/// \returns whether there was anything
bool pool_core::reclaim() {
  if (x_guard) wake_all();
  thread_registry::reclaim_caches(*this);
  const std::size_t spans = free_empty_spans();
  return x_heap.trim() + spans != 0;
}

// ---- for the registry of threads

void pool_core::prepare(thread_cache& cache) const noexcept {
  for (size_class c = 0; c != class_count; ++c) {
    const bool used = has_class(c) && is_cached();
    cache.bins[c].limit = used ? x_centres[c].shape().list_blocks : std::numeric_limits<std::int64_t>::min();
  }
}

void pool_core::take_lists(thread_cache& cache, reclaimed_lists& to) noexcept {
  const auto add = [](list_of_lists*& lists, free_block* head) {
    if (head != nullptr) lists = ::new (static_cast<void*>(head)) list_of_lists{{head->next}, lists};
  };
  if (!is_cached()) return;
  for (size_class c = 0; c != x_classes; ++c) {
    detail::cache_bin& bin = cache.bins[c];
    add(bin.has_room() ? to[c].others : to[c].full, std::exchange(bin.head, nullptr));
    add(to[c].full, std::exchange(bin.spare, nullptr));
    bin.limit = bin.surplus() + x_centres[c].shape().list_blocks;
  }
}

void pool_core::give(const reclaimed_lists& lists) noexcept {
  const auto for_each = [](list_of_lists* l, auto f) {
    while (l != nullptr) f(*std::exchange(l, l->next_list));
  };
  for (size_class c = 0; c != class_count; ++c) {
    for_each(lists[c].full, [&](free_block& head) { x_centres[c].give_full(&head); });
    for_each(lists[c].others, [&](free_block& head) { x_centres[c].give(&head); });
  }
}

void pool_core::retire(const thread_cache& cache) noexcept {
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

void pool_core::lock_for_fork() noexcept {
  if (x_guard) x_guard->lock_for_fork();
  x_heap.lock_for_fork();
  for (centre& c : x_centres) c.lock_for_fork();
}

void pool_core::unlock_after_fork() noexcept {
  for (centre& c : x_centres) c.unlock_after_fork();
  x_heap.unlock_after_fork();
  if (x_guard) x_guard->unlock_after_fork();
}

}  // namespace acre::inline v1
