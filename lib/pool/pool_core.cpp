#include "pool/pool_core.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "base/report_misuse.hpp"
#include "pool/poison.hpp"
#include "pool/thread_caches.hpp"

namespace acre::inline v1 {
namespace {

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

/// Where a block is placed from its beginning, or by first touch, small ones are smaller: they lie where their span
/// does.
constexpr std::size_t largest_in_spans = std::size_t{32} << 10;

size_class classes_in_use(const pool_options& o, page_reuse reuse) {
  const std::size_t largest =
      reuse == page_reuse::any ? o.largest_small : std::min(o.largest_small, largest_in_spans);
  return largest == 0 ? 0 : detail::class_of(largest) + 1;
}

bool wants_guard(guarding g) { return g == guarding::on || (g == guarding::automatic && poison::watched()); }

/// Forbidden bytes that small blocks have at least where somebody watches: to find writes past the end. Larger ones
/// stay what they are, because their placement may depend on their size.
constexpr std::size_t overrun_bytes = 8;

/// What `retire` returns; nothing if it throws. Not `variable = retire()`: g++ 12 lets the call write into the
/// variable and takes what it was before for dead, so that after a throw anything may be in it.
template <class Retire>
std::optional<block_guard::block> retired(Retire retire) noexcept {
  try {
    return retire();
  } catch (const block_misuse& e) {
    report_misuse(e.block(), e.bytes(), e.what());
    return std::nullopt;
  }
}

/// What `wake` returns. It throws once for a block that was written to.
template <class Wake>
std::optional<block_guard::block> woken(Wake wake) noexcept {
  for (;;) {
    try {
      return wake();
    } catch (const block_misuse& e) {
      report_misuse(e.block(), e.bytes(), e.what());
    }
  }
}

}  // namespace

pool_core::pool_core(std::unique_ptr<page_source> pages, pool_options options)
    : x_options(checked(std::move(options))),
      x_heap(poison::watched() || poison::seeks_leaks() ? watch(std::move(pages)) : std::move(pages),
             x_options),
      x_small(classes_in_use(x_options, x_heap.pages().reuse()), x_options.cached) {
  if (wants_guard(x_options.guarding)) x_guard.emplace();
  be_held_in_fork();
}

pool_core::~pool_core() {
  x_small.end_caches();
  be_forgotten_by_fork();
}

// ---- one block

void* pool_core::allocate_small(size_class c) {
  for (;; detail::enter(0)) {
    thread_cache* const cache = x_small.is_cached() ? cache_of(x_small) : nullptr;
    if (cache == nullptr) {
      detail::leave();
      return allocate_uncached(c);
    }
    detail::cache_bin& bin = cache->bins[c];
    if (bin.head != nullptr || x_small.refill(*cache, c)) {
      void* const p = bin.pop();
      detail::leave();
      return p;
    }
    detail::leave();  // upstream may be called, and call back
    add_span(c);
  }
}

void pool_core::deallocate_small(void* p, size_class c) noexcept {
  thread_cache* const cache = x_small.is_cached() ? cache_of(x_small) : nullptr;
  if (cache == nullptr) {
    detail::leave();
    return x_small.give_uncached(p, c);
  }
  x_small.put(p, *cache, c);
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
  const std::size_t units = x_small.list(c).shape().span_units;
  void* const span = try_twice([&] { return x_heap.allocate_span(units); });
  if (!x_small.list(c).add_span(span)) x_heap.deallocate_span(span, units);
  take_from_idle_threads();
}

/// Here, because it is where small blocks need more memory: once for each time that the heap's free memory grew older.
void pool_core::take_from_idle_threads() noexcept {
  const std::uint32_t ages = x_heap.ages();
  if (ages == x_ages_seen.load(std::memory_order_relaxed)) return;
  if (x_ages_seen.exchange(ages, std::memory_order_relaxed) != ages) x_small.reclaim_idle_caches();
}

void* pool_core::allocate_uncached(size_class c) {
  for (;;) {
    if (void* const p = x_small.take_uncached(c)) return p;
    add_span(c);
  }
}

std::size_t pool_core::good_size(std::size_t bytes, std::size_t alignment) const noexcept {
  // Who is told of more bytes may use them, and the guard forbids them.
  return is_guarded() ? bytes : block_bytes(bytes, alignment);
}

std::size_t pool_core::block_bytes(std::size_t bytes, std::size_t alignment) const noexcept {
  if (detail::is_small(bytes, alignment)) {
    const size_class c = detail::class_of(bytes, alignment);
    if (has_class(c)) return detail::class_bytes(c);
  }
  return std::has_single_bit(alignment) ? x_heap.good_size(bytes, alignment) : bytes;
}

// ---- all of them

void pool_core::release() {
  x_small.clear();
  if (x_guard) x_guard->clear();
  x_heap.release();
}

std::size_t pool_core::trim() {
  x_trims.fetch_add(1, std::memory_order_relaxed);
  if (x_guard) wake_all();
  x_small.reclaim_caches();
  free_empty_spans();
  return x_heap.trim();
}

std::size_t pool_core::free_empty_spans() {
  std::size_t freed = 0;
  for (central_free_list& l : x_small.lists()) {
    for (free_block* spans = l.take_empty_spans(x_heap); spans != nullptr; ++freed)
      x_heap.deallocate_span(std::exchange(spans, spans->next), l.shape().span_units);
  }
  return freed;
}

/// Upstream has no more: what is free here may do.
/// \returns whether there was anything
bool pool_core::reclaim() {
  if (x_guard) wake_all();
  x_small.reclaim_caches();
  const std::size_t spans = free_empty_spans();
  return x_heap.trim() + spans != 0;
}

// ---- under the eyes of the guard

std::size_t pool_core::guarded_bytes(std::size_t bytes, std::size_t alignment) const noexcept {
  if (!poison::watched() || bytes > detail::largest_class - overrun_bytes) return bytes;
  const std::size_t more = bytes + overrun_bytes;
  return detail::is_small(more, alignment) && has_class(detail::class_of(more, alignment)) ? more : bytes;
}

void* pool_core::allocate_guarded(std::size_t bytes, std::size_t alignment) {
  const std::size_t all = guarded_bytes(bytes, alignment);
  const bool small = detail::is_small(all, alignment) && has_class(detail::class_of(all, alignment));
  void* const p =
      small ? allocate_uncached(detail::class_of(all, alignment)) : allocate_large(all, alignment);
  const block_guard::block b{p, bytes, alignment};
  try {
    x_guard->admit(b, block_bytes(all, alignment));
  } catch (...) {
    deallocate_raw(b);
    throw;
  }
  return p;
}

void pool_core::deallocate_guarded(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  const auto retire = [&] { return x_guard->retire({p, bytes, alignment}, good_size(bytes, alignment)); };
  if (const auto rested = retired(retire)) deallocate_raw(*rested);
  const auto wake = [&] { return x_guard->wake_surplus(); };
  while (const auto more = woken(wake)) deallocate_raw(*more);
}

void pool_core::wake_all() noexcept {
  const auto wake = [&] { return x_guard->wake(); };
  while (const auto rested = woken(wake)) deallocate_raw(*rested);
}

void pool_core::deallocate_raw(const block_guard::block& b) noexcept {
  const std::size_t all = guarded_bytes(b.bytes, b.alignment);
  if (detail::is_small(all, b.alignment)) {
    const size_class c = detail::class_of(all, b.alignment);
    if (has_class(c)) return x_small.give_uncached(b.p, c);
  }
  x_heap.deallocate(b.p, all, b.alignment);
}

// ---- fork

void pool_core::lock_for_fork() noexcept {
  x_small.wait_for_leaving_threads();  // the child has no such threads
  if (x_guard) x_guard->lock_for_fork();
  x_heap.lock_for_fork();
  x_small.lock_for_fork();
}

void pool_core::unlock_after_fork() noexcept {
  x_small.unlock_after_fork();
  x_heap.unlock_after_fork();
  if (x_guard) x_guard->unlock_after_fork();
}

void pool_core::forget_other_threads() noexcept {
  x_heap.forget_other_threads();
  x_small.forget_other_threads();
}

}  // namespace acre::inline v1
