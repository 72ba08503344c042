// How a page_heap gives free memory back: by the limit, by age, by trim() and by release().
#include <algorithm>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>

#include "pool/page_heap.hpp"
#include "sys/clock.hpp"

namespace acre::inline v1 {
namespace {

/// When the limit is passed, a bit more than the excess goes: not a system call for each block from then on.
constexpr std::size_t slack_of(std::size_t limit) noexcept { return limit / 8; }

/// In a row: then all pages are taken for locked (mlockall(2)), and the others are not tried. Around a single one
/// that is locked (mlock(2)) halving the largest run down to a unit meets half as many.
constexpr unsigned most_refusals = 32;

/// Taken out of use at once, so that the lock is not held for long.
constexpr std::size_t purge_step_units = (std::size_t{64} << 20) / unit_bytes;

}  // namespace

std::size_t page_heap::excess() const noexcept {
  const std::size_t retained = retained_bytes();
  const std::size_t most = most_retained();
  return retained <= std::max(most, x_stuck) ? 0 : retained - most + slack_of(most);
}

page_heap::chores page_heap::look_for_chores() noexcept {
  x_share.tell(retained_bytes());
  if (retained_bytes() <= most_retained()) x_stuck = 0;
  chores todo{.purge = excess() != 0};
  const std::int64_t now = sys::coarse_milliseconds();
  if (now >= x_next_age) {
    x_next_age = now + x_decay;
    todo.age = true;
  }
  return todo;
}

void page_heap::tend(const chores& todo) noexcept {
  if (!todo.purge && !todo.age) return;
  // One thread does it, the others go on.
  if (x_is_tended.exchange(true, std::memory_order_acquire)) return;
  do_chores(todo);
  x_is_tended.store(false, std::memory_order_release);
}

void page_heap::do_chores(const chores& todo) noexcept {
  if (todo.purge) {
    std::size_t most = 0;
    {
      const std::lock_guard guard(x_mutex);
      most = excess();
    }
    const purged done = purge({.most = most, .in_passing = true});
    const std::lock_guard guard(x_mutex);
    x_share.tell(retained_bytes());
    // Parts of huge pages may have to stay, and what is locked. They are looked at again when there is more of them,
    // and where all are locked, when there is a good deal more.
    const std::size_t granule = x_pages->discard_granule();
    if (retained_bytes() > most_retained())
      x_stuck = retained_bytes() + (done.refused ? std::max(granule, slack_of(retained_bytes())) : granule);
  }
  if (todo.age) {
    x_ages.fetch_add(1, std::memory_order_relaxed);
    purge({.only_old = true, .in_passing = true});
    age_slabs();
    const std::lock_guard guard(x_mutex);
    x_mappings.age();
    x_share.tell(retained_bytes());
  }
}

// One at a time, so that the lock is not held for long.
void page_heap::age_slabs() noexcept {
  const void* from = nullptr;
  for (;;) {
    const std::lock_guard guard(x_mutex);
    slab* const s = x_slabs.first_marked(slab_summary::is_young, from);
    if (s == nullptr) return;
    s->age();
    x_slabs.update(*s);
    from = s->base() + 1;
  }
}

std::size_t page_heap::trim() noexcept {
  const std::size_t mappings = drop_mappings({});
  const std::size_t slabs = unmap_empty_slabs({});
  const std::size_t parts = purge_slabs({}).bytes;
  const std::lock_guard guard(x_mutex);
  x_share.tell(retained_bytes());
  return mappings + slabs + parts;
}

std::unique_lock<small_mutex> page_heap::hold_slabs_for(purge_plan plan) noexcept {
  return plan.in_passing ? std::unique_lock(x_slabs_stay, std::try_to_lock) : hold_slabs();
}

page_heap::purged page_heap::purge(purge_plan plan) noexcept {
  if (plan.most == 0) return {};
  const std::size_t gone = drop_mappings(plan);
  if (gone >= plan.most) return {gone, false};
  purge_plan rest = plan;
  rest.most -= gone;
  // Slabs of which no parts can go may go as a whole; the others cost more to map again than they give.
  if (x_pages->discard_granule() == 0) return {gone + unmap_empty_slabs(rest), false};
  const purged parts = purge_slabs(rest);
  if (!parts.refused) return {gone + parts.bytes, false};
  rest.most -= std::min(rest.most, parts.bytes);
  return {gone + parts.bytes + unmap_empty_slabs(rest), true};
}

std::size_t page_heap::drop_mappings(purge_plan plan) noexcept {
  std::size_t gone = 0;
  while (gone < plan.most) {
    std::unique_ptr<mapping_store::mapping> m;
    {
      const std::lock_guard guard(x_mutex);
      m = x_mappings.drop(plan.only_old);
    }
    if (!m) break;
    unmap(*m);
    gone += m->bytes;
  }
  return gone;
}

// From the highest down: the lowest are used first.
page_heap::purged page_heap::purge_slabs(purge_plan plan) noexcept {
  if (x_pages->discard_granule() == 0) return {};
  const std::unique_lock stay = hold_slabs_for(plan);
  if (!stay) return {};
  const unsigned mark = plan.only_old ? slab_summary::old_may_go : slab_summary::may_go;
  purged all;
  unsigned refusals = 0;
  const void* below = reinterpret_cast<const void*>(std::numeric_limits<std::uintptr_t>::max());
  while (all.bytes < plan.most && refusals < most_refusals) {
    slab* s = nullptr;
    {
      const std::lock_guard guard(x_mutex);
      s = x_slabs.last_marked(mark, below);
      if (s == nullptr) break;
      s->expect_no_dirty(plan.only_old);
      x_slabs.update(*s);
    }
    below = s->base();
    all.bytes += purge_slab(*s, {.only_old = plan.only_old, .most = plan.most - all.bytes}, refusals);
  }
  all.refused = refusals >= most_refusals;
  return all;
}

/// \param refusals in a row, so far
std::size_t page_heap::purge_slab(slab& s, purge_plan plan, unsigned& refusals) noexcept {
  std::size_t gone = 0;
  for (std::size_t from = 0;;) {
    slab::run r;
    {
      const std::lock_guard guard(x_mutex);
      if (gone >= plan.most || refusals >= most_refusals) {
        s.expect_dirty(plan.only_old);
        x_slabs.update(s);
        return gone;
      }
      r = s.take_dirty(from, plan.only_old, std::min(purge_step_units, (plan.most - gone) / unit_bytes + 1));
      if (r.count == 0) return gone;
      x_slabs.update(s);
    }
    gone += discard(s, r, refusals) * unit_bytes;
    from = r.first + r.count;
  }
}

/// Gives the pages of a run that was taken out of use back to the system, and where a page is locked, what lies
/// around it.
/// \returns dirty units that went
std::size_t page_heap::discard(slab& s, const slab::run& r, unsigned& refusals) noexcept {
  const bool is_tried = refusals < most_refusals;
  const bool clean = is_tried && x_pages->discard(s.address(r), r.count * unit_bytes);
  refusals = clean ? 0 : refusals + 1;
  const std::size_t granule = s.granule();
  if (!clean && refusals < most_refusals && r.count > granule) {
    const std::size_t half = (r.count / 2 + granule - 1) / granule * granule;
    const std::size_t gone = discard(s, {r.first, half}, refusals);
    return gone + discard(s, {r.first + half, r.count - half}, refusals);
  }
  const std::lock_guard guard(x_mutex);
  // The kernel may have taken pages up to the one that is locked. To make pages that are there does no harm.
  if (is_tried && !clean) s.note_unsure_pages(r);
  const std::size_t before = s.dirty_units();
  s.give_back(r, clean);
  const std::size_t gone = before - s.dirty_units();
  x_dirty_units -= gone;
  x_slabs.update(s);
  return gone;
}

std::size_t page_heap::unmap_empty_slabs(purge_plan plan) noexcept {
  std::size_t gone = 0;
  const void* from = nullptr;
  while (gone < plan.most) {
    std::unique_ptr<slab> empty;
    {
      const std::unique_lock stay = hold_slabs_for(plan);
      if (!stay) break;
      const std::lock_guard guard(x_mutex);
      slab* const s = x_slabs.first_marked(slab_summary::is_empty, from);
      if (s == nullptr) break;
      from = s->base() + 1;
      if (plan.only_old && !s->is_old()) continue;
      empty = x_slabs.remove(*s);
      x_slab_bytes -= empty->bytes();
      x_dirty_units -= empty->dirty_units();
    }
    gone += empty->dirty_units() * unit_bytes;
    unmap(*empty);
  }
  return gone;
}

void page_heap::give_up(owned_range& range, void* p, std::size_t bytes) noexcept {
  if (range.has_displaced() && !x_pages->unmaps_policies()) {
    try {
      for (owned_range::taken parts(range, p, bytes); !parts.empty(); parts.pop_front())
        x_pages->put_right(parts.front());
    } catch (const std::exception&) {  // it cannot be kept either
    }
  }
  range.leave();
}

void page_heap::unmap(mapping_store::mapping& m) noexcept {
  give_up(m.range, m.p, m.bytes);
  x_pages->unmap(m.p, m.bytes, m.alignment);
}

void page_heap::unmap(slab& s) noexcept {
  give_up(s, s.base(), s.bytes());
  x_pages->unmap(s.base(), s.bytes(), s.alignment());
}

void page_heap::release() noexcept {
  drop_mappings({});
  while (const auto m = x_mappings.remove_any()) unmap(*m);
  x_slabs.for_each([&](slab& s) { unmap(s); });
  x_slabs.clear();
  x_slab_bytes = x_dirty_units = x_used = x_blocks = x_block_bytes = 0;
  x_deallocations = x_allocations;
  x_share.tell(0);
}

}  // namespace acre::inline v1
