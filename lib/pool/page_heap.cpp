#include "pool/page_heap.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <new>

#include "base/report_misuse.hpp"
#include "sys/clock.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
/// A pool of few blocks shall not cost a huge page: the first slab is too small for one.
constexpr std::size_t first_slab = std::size_t{1} << 20;

constexpr std::size_t round_up(std::size_t n, std::size_t unit) noexcept {
  return (n + unit - 1) / unit * unit;
}

}  // namespace

page_heap::page_heap(std::unique_ptr<page_source> pages, const pool_options& options)
    : x_pages(std::move(pages)),
      x_reuse(x_pages->reuse()),
      x_largest_extent(x_pages->largest_extent()),
      x_most(options.limit.value_or(std::numeric_limits<std::size_t>::max())),
      x_retained(options.retained),
      x_decay(options.decay.count()),
      x_mappings(x_reuse),
      x_next_age(sys::coarse_milliseconds() + x_decay) {}

void page_heap::lock_for_fork() noexcept {
  x_slabs_stay.lock_for_fork();
  for (small_mutex& m : x_committing) m.lock_for_fork();
  x_mutex.lock_for_fork();
}

void page_heap::forget_other_threads() noexcept {
  x_is_tended.store(false, std::memory_order_relaxed);
  x_coming = x_coming_slabs = 0;
}

void page_heap::unlock_after_fork() noexcept {
  x_mutex.unlock_after_fork();
  for (small_mutex& m : x_committing) m.unlock_after_fork();
  x_slabs_stay.unlock_after_fork();
}

bool page_heap::is_extent(std::size_t bytes, std::size_t alignment) const noexcept {
  return x_reuse == page_reuse::any && bytes <= x_largest_extent && alignment <= huge_page_bytes;
}

std::size_t page_heap::mapping_bytes(std::size_t bytes) const noexcept {
  const bool whole_huge_pages = x_reuse == page_reuse::any && bytes > x_largest_extent;
  return round_up(std::max<std::size_t>(bytes, 1), whole_huge_pages ? huge_page_bytes : sys::page_size());
}

std::size_t page_heap::good_size(std::size_t bytes, std::size_t alignment) const noexcept {
  if (bytes > std::numeric_limits<std::ptrdiff_t>::max()) return bytes;
  if (is_extent(bytes, alignment)) return round_up(std::max<std::size_t>(bytes, 1), unit_bytes);
  return mapping_bytes(bytes);
}

void* page_heap::allocate(std::size_t bytes, std::size_t alignment) {
  // Upstreams that round up may wrap to a small block (libstdc++ 12: new_delete_resource()->allocate(-8, 4096)).
  if (bytes > std::numeric_limits<std::ptrdiff_t>::max() - std::max(alignment, huge_page_bytes)) {
    throw allocation_error(errc::out_of_memory, bytes, "pool", "more bytes than an address space has");
  }
  const std::size_t good = good_size(bytes, alignment);
  if (is_extent(bytes, alignment)) return take_units(good / unit_bytes, alignment, use::block);
  return allocate_mapping(good, alignment);
}

void page_heap::deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  if (!is_extent(bytes, alignment)) return deallocate_mapping(p, bytes);
  if (!give_units(p, good_size(bytes, alignment) / unit_bytes, use::block)) report_no_block("pool", p, bytes);
}

void* page_heap::allocate_span(std::size_t units) { return take_units(units, unit_bytes, use::span); }

void page_heap::deallocate_span(void* p, std::size_t units) noexcept {
  if (!give_units(p, units, use::span)) report_no_block("pool", p, units * unit_bytes);
}

void page_heap::fail_limit(std::size_t bytes) const {
  throw allocation_error(errc::pool_limit, bytes, "pool",
                         "pool_options::limit is " + format_bytes_rounded(x_most));
}

// ---- counting

// In a child those are gone that other threads waited for.
void page_heap::count_arrival(std::size_t bytes) noexcept { x_coming -= std::min(x_coming, bytes); }

void page_heap::count_slab_arrival(std::size_t units) noexcept {
  x_coming_slabs -= std::min(x_coming_slabs, 1U);
  count_arrival(units * unit_bytes);
}

void page_heap::add_to(pool_statistics& s) const {
  const std::lock_guard guard(x_mutex);
  s.allocations += x_allocations;
  s.deallocations += x_deallocations;
  s.live_blocks += x_blocks;
  s.live_bytes += x_block_bytes;
  s.used_bytes += x_used;
  s.used_peak += x_peak;
  s.mapped_bytes += x_slab_bytes + x_mappings.live_bytes() + x_mappings.kept_bytes();
  s.retained_bytes += retained_bytes();
}

void page_heap::reset_peak() noexcept {
  const std::lock_guard guard(x_mutex);
  x_peak = x_used;
}

residency page_heap::resident() const {
  std::vector<std::pair<const void*, std::size_t>> ranges;
  {
    const std::lock_guard guard(x_mutex);
    x_slabs.for_each([&](const slab& s) { ranges.emplace_back(s.base(), s.bytes()); });
    x_mappings.for_each([&](const void* p, std::size_t bytes) { ranges.emplace_back(p, bytes); });
  }
  residency all;
  all.page_size = sys::page_size();
  for (const auto& [p, bytes] : ranges) {
    std::error_code ec;  // what is unmapped meanwhile is nowhere
    const residency r = locate(p, bytes, ec);
    if (!ec) all += r;
  }
  return all;
}

// ---- units of slabs

std::vector<slab*> page_heap::slabs() const {
  std::vector<slab*> all;
  const std::lock_guard guard(x_mutex);
  x_slabs.for_each([&](slab& s) { all.push_back(&s); });
  return all;
}

// Out of the lowest slab that has room, so that the others become empty.
page_heap::taken page_heap::try_take_units(std::size_t units, std::size_t alignment, use what) noexcept {
  while (slab* const s = x_slabs.first_with_room(units, alignment)) {
    const std::size_t dirty = s->dirty_units();
    void* const p = s->take(units, alignment);
    x_slabs.update(*s);
    if (p == nullptr) continue;  // long enough, but not aligned, which the slab remembers
    x_dirty_units -= dirty - s->dirty_units();
    count_use(units * unit_bytes);
    if (what == use::block) {
      count_block(units * unit_bytes);
    } else {
      s->note_span(p, units);
    }
    return {p, s, s->is_bare(p, units), s->has_displaced()};
  }
  return {};
}

void* page_heap::take_units(std::size_t units, std::size_t alignment, use what) {
  taken run;
  chores todo;
  std::size_t wanted = 0;
  bool is_refused = false;
  {
    const std::lock_guard guard(x_mutex);
    is_refused = is_beyond_limit(units * unit_bytes);
    if (!is_refused) run = try_take_units(units, alignment, what);
    if (run.p == nullptr && !is_refused) {
      wanted = begin_slab();
      x_coming += units * unit_bytes;
    }
    todo = look_for_chores();
  }
  tend(todo);
  if (is_refused) fail_limit(units * unit_bytes);
  if (run.p == nullptr) run = take_of_new_slab(units, alignment, what, wanted);
  if (!run.bare && !run.displaced) return run.p;
  try {
    make_ready(run, units);
  } catch (...) {
    static_cast<void>(give_units(run.p, units, what));
    throw;
  }
  return run.p;
}

page_heap::taken page_heap::take_of_new_slab(std::size_t units, std::size_t alignment, use what,
                                             std::size_t wanted) {
  std::unique_ptr<slab> made;
  try {
    made = map_slab(units, alignment, wanted);
  } catch (...) {
    const std::lock_guard guard(x_mutex);
    count_slab_arrival(units);
    throw;
  }
  const std::lock_guard guard(x_mutex);
  count_slab_arrival(units);
  x_slab_bytes += x_slabs.add(std::move(made)).bytes();
  // Of the new one or, if others gave some back meanwhile, of an older one. There is enough.
  return try_take_units(units, alignment, what);
}

bool page_heap::give_units(const void* p, std::size_t units, use what) noexcept {
  chores todo;
  {
    const std::lock_guard guard(x_mutex);
    slab* const s = x_slabs.with(p);
    if (s == nullptr || !s->is_used(p, units)) return false;
    const std::size_t dirty = s->dirty_units();
    s->give(p, units);
    if (what == use::span) s->forget_span(p, units);
    x_slabs.update(*s);
    x_dirty_units += s->dirty_units() - dirty;
    count_end(units * unit_bytes, what);
    todo = look_for_chores();
  }
  tend(todo);
  return true;
}

std::unique_ptr<slab> page_heap::try_map_slab(std::size_t bytes) {
  const std::size_t granule = x_pages->discard_granule();
  const std::size_t alignment = bytes < huge_page_bytes ? unit_bytes : huge_page_bytes;
  std::size_t piece = x_pages->commit_piece(bytes);
  // Who keeps nothing shall not be made to give back, with each block, what came beside it.
  if (piece > x_retained && piece < huge_page_bytes) piece = std::max(unit_bytes, sys::page_size());
  // Smaller mappings have no huge pages that could be split.
  auto s = std::make_unique<slab>(
      bytes, alignment, bytes < huge_page_bytes ? small_slab_granule(granule, sys::page_size()) : granule,
      piece);
  const owned_range::rules how = x_pages->ownership();
  s->place(x_pages->map(bytes, alignment));
  s->enter(s->base(), bytes, how);
  if (piece != 0) x_pages->expect_commit(s->base(), bytes);
  return s;
}

/// \returns how large the next slab is to be
std::size_t page_heap::begin_slab() noexcept {
  // Only one is the first, also where threads need one at the same time.
  const bool is_first = x_slab_bytes == 0 && x_coming_slabs == 0;
  ++x_coming_slabs;
  return is_first ? first_slab : x_pages->next_slab(x_slab_bytes);
}

std::unique_ptr<slab> page_heap::map_slab(std::size_t units, std::size_t alignment, std::size_t wanted) {
  const std::size_t granule = x_pages->slab_granule();
  std::size_t least = round_up(units * unit_bytes, granule);
  if (alignment > unit_bytes) least = round_up(least, huge_page_bytes);
  // The kernel may refuse what a smaller slab still gets (vm.overcommit_memory). Halving, because slabs that are no
  // larger than what is needed now would soon be too many.
  for (;; wanted /= 2) {
    const std::size_t bytes = std::max(least, round_up(wanted, granule));
    try {
      return try_map_slab(bytes);
    } catch (const std::bad_alloc&) {
      if (bytes == least) throw;
    }
  }
}

}  // namespace acre::inline v1
