#include "pool/slab.hpp"

#include <algorithm>
#include <bit>

namespace acre::inline v1 {

slab::slab(std::size_t bytes, std::size_t alignment, std::size_t granule, std::size_t piece)
    : x_alignment(alignment),
      x_granule(granule / unit_bytes),
      x_piece(piece / unit_bytes),
      x_used(bytes / unit_bytes),
      x_dirty(bytes / unit_bytes),
      x_old(bytes / unit_bytes),
      x_bare(piece == 0 ? 0 : bytes / unit_bytes),
      x_free(bytes / unit_bytes),
      x_bare_units(x_bare.size()),
      x_back(bytes / unit_bytes),
      x_counters(bytes / unit_bytes) {
  x_bare.set(0, x_bare.size());
}

void slab::use(const run& r) noexcept {
  x_used.take(r.first, r.count);
  x_free -= r.count;
}

std::size_t slab::forget_dirty(const run& r) noexcept {
  const std::size_t dirty = x_dirty.count(r.first, r.count);
  if (dirty == 0) return 0;
  x_dirty_units -= dirty;
  x_dirty.clear(r.first, r.count);
  x_old.clear(r.first, r.count);
  return dirty;
}

void* slab::take(std::size_t units, std::size_t alignment) noexcept {
  if (units > x_used.longest()) return nullptr;
  const std::size_t step = std::max<std::size_t>(alignment / unit_bytes, 1);
  const std::size_t first = step == 1 ? x_used.find(units) : find_aligned(units, step);
  if (first == x_used.size()) return nullptr;
  use({first, units});
  forget_dirty({first, units});
  return x_base + first * unit_bytes;
}

std::size_t slab::find_aligned(std::size_t units, std::size_t step) noexcept {
  const std::size_t phase = reinterpret_cast<std::uintptr_t>(x_base) / unit_bytes % step;
  const auto power = static_cast<std::size_t>(std::countr_zero(step));
  aligned_search* const last = power < x_searches.size() ? &x_searches[power] : nullptr;
  std::size_t at = x_used.find(units, last != nullptr && last->units <= units ? last->begin : 0);
  while (at != x_used.size()) {
    const std::size_t aligned = (at + phase + step - 1) / step * step - phase;
    if (aligned == at) break;
    // There, or in a later run: one that begins here is long enough, but not from there on.
    at = x_used.find(units, aligned);
  }
  if (last != nullptr) {
    *last = {units, at};
    x_unaligned &= ~(1U << power);
    x_unaligned |= (at == x_used.size() ? 1U : 0U) << power;
  }
  return at;
}

void slab::give(const void* p, std::size_t units) noexcept {
  const run r = run_of(p, units);
  free(r);
  if (x_unsure || x_bare_units == 0 || x_bare.count(r.first, r.count) == 0)
    return mark_dirty(r.first, r.count);
  // They were to get their pages, and did not.
  for (std::size_t i = r.first; i != r.first + r.count; ++i) {
    if (!x_bare.test(i)) mark_dirty(i, 1);
  }
}

void slab::give_back(const run& r, bool clean) noexcept {
  free(r);
  if (clean) {
    forget_dirty(r);
    note_no_pages(r);
  } else {
    x_may_go = x_old_may_go = true;
  }
}

void slab::free(const run& r) noexcept {
  x_used.give(r.first, r.count);
  x_free += r.count;
  for (aligned_search& s : x_searches) s.begin = std::min(s.begin, r.first - std::min(r.first, s.units));
  x_unaligned = 0;
}

bool slab::is_used(const void* p, std::size_t units) const noexcept {
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(p) - x_base);
  const std::size_t first = offset / unit_bytes;
  return offset % unit_bytes == 0 && units <= x_used.size() - first && x_used.used().all(first, units);
}

slab_summary slab::summary() const noexcept {
  unsigned marks = x_unaligned * slab_summary::is_unaligned;
  if (is_empty()) marks |= slab_summary::is_empty;
  if (x_young) marks |= slab_summary::is_young;
  if (x_may_go && x_granule != 0) marks |= slab_summary::may_go;
  if (x_old_may_go && x_granule != 0) marks |= slab_summary::old_may_go;
  return {static_cast<std::uint32_t>(x_used.longest()), marks};
}

std::uint32_t slab::aligned_room(std::size_t power) const noexcept {
  const auto longest = static_cast<std::uint32_t>(x_used.longest());
  if ((x_unaligned >> power & 1) == 0) return longest;
  return std::min(longest, static_cast<std::uint32_t>(x_searches[power].units - 1));
}

void slab::age() noexcept {
  x_old = x_dirty;
  x_old_may_go = x_old_may_go || x_young;
  x_young = false;
}

bool slab::may_go(std::size_t begin, std::size_t end, bool only_old) const noexcept {
  if (x_used.used().count(begin, end - begin) != 0) return false;
  const std::size_t dirty = x_dirty.count(begin, end - begin);
  return dirty != 0 && (!only_old || dirty == x_old.count(begin, end - begin));
}

slab::run slab::take_dirty(std::size_t from, bool only_old, std::size_t most) noexcept {
  if (x_granule == 0) return {};
  const bit_map& wanted = only_old ? x_old : x_dirty;
  for (std::size_t dirty = wanted.next_set(from); dirty < wanted.size();) {
    const std::size_t begin = dirty / x_granule * x_granule;
    std::size_t end = begin;
    while (end < x_used.size() && end - begin < most &&
           may_go(end, std::min(end + x_granule, x_used.size()), only_old)) {
      end = std::min(end + x_granule, x_used.size());
    }
    if (end != begin) {
      use({begin, end - begin});
      return {begin, end - begin};
    }
    dirty = wanted.next_set(std::min(begin + x_granule, wanted.size()));
  }
  return {};
}

void slab::mark_dirty(std::size_t first, std::size_t count) noexcept {
  x_dirty.set(first, count);
  x_dirty_units += count;
  x_young = x_may_go = true;
}

slab::run slab::pieces_of(const void* p, std::size_t units, std::size_t piece) const noexcept {
  const std::size_t first = unit_of(p);
  const std::size_t begin = first / piece * piece;
  const std::size_t end = std::min((first + units + piece - 1) / piece * piece, x_used.size());
  return {begin, end - begin};
}

slab::run slab::bare_run(const run& in) const noexcept {
  const std::size_t end = in.first + in.count;
  // What is used and dirty is on its way back to the system.
  const auto is_wanted = [&](std::size_t i) {
    return x_bare.test(i) && !(x_dirty.test(i) && x_used.used().test(i));
  };
  std::size_t first = std::min(x_bare.next_set(in.first), end);
  while (first != end && !is_wanted(first)) ++first;
  std::size_t last = first;
  while (last != end && is_wanted(last)) ++last;
  return {first, last - first};
}

void slab::note_pages(const run& r) noexcept {
  x_bare.clear(r.first, r.count);
  x_bare_units -= r.count;
  // Where pages go back in pieces as large as they come, what is free beside what is used cannot go.
  if (x_granule == 0 || x_granule >= x_piece) return;
  for (std::size_t i = r.first; i != r.first + r.count; ++i) {
    if (!x_used.used().test(i) && !x_dirty.test(i)) mark_dirty(i, 1);
  }
}

void slab::note_no_pages(const run& r) noexcept {
  if (x_piece == 0) return;
  x_bare_units += r.count - x_bare.count(r.first, r.count);
  x_bare.set(r.first, r.count);
}

void slab::note_unsure_pages(const run& r) noexcept {
  if (x_piece == 0) return;
  x_unsure = true;
  note_no_pages(r);
  for (std::size_t i = r.first; i != r.first + r.count; ++i) {
    if (!x_used.used().test(i) && !x_dirty.test(i)) mark_dirty(i, 1);
  }
}

void slab::note_span(const void* p, std::size_t units) noexcept {
  const std::size_t first = unit_of(p);
  for (std::size_t i = 0; i != units; ++i)
    x_back[first + i].store(static_cast<std::uint8_t>(i + 1), std::memory_order_relaxed);
}

void slab::forget_span(const void* p, std::size_t units) noexcept {
  const std::size_t first = unit_of(p);
  for (std::size_t i = 0; i != units; ++i) x_back[first + i].store(0, std::memory_order_relaxed);
}

std::byte* slab::span_of(const void* block) const noexcept {
  const std::size_t unit = unit_of(block);
  return x_base + (unit + 1 - x_back[unit].load(std::memory_order_relaxed)) * unit_bytes;
}

bool slab::has_small_blocks(std::uintptr_t begin, std::uintptr_t end) const noexcept {
  const auto base = reinterpret_cast<std::uintptr_t>(x_base);
  const auto first = static_cast<std::ptrdiff_t>((begin - base) / unit_bytes);
  const auto last = static_cast<std::ptrdiff_t>((end - base + unit_bytes - 1) / unit_bytes);
  return std::any_of(x_back.begin() + first, x_back.begin() + last, [](const std::atomic<std::uint8_t>& b) {
    return b.load(std::memory_order_relaxed) != 0;
  });
}

}  // namespace acre::inline v1
