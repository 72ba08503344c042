#include "placement/planned_ranges.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "base/fork_handlers.hpp"
#include "base/small_mutex.hpp"
#include "placement/runs.hpp"

namespace acre::inline v1 {
namespace {

using known_mappings = std::map<const std::byte*, std::shared_ptr<const planned_mapping>>;

constinit small_mutex plans_mutex;
constexpr fork_actions plans_in_fork{.lock = []() noexcept { plans_mutex.lock_for_fork(); },
                                     .unlock = []() noexcept { plans_mutex.unlock_after_fork(); }};

bool hold_plans_in_fork() {
  static const bool is_held = (hold_in_fork(fork_part::plans, plans_in_fork), true);
  return is_held;
}
// As early as can be, see fork_handlers.hpp; others' static constructors may come first.
[[maybe_unused]] const bool plans_are_held_from_the_start = hold_plans_in_fork();

// Never destroyed: static destructors may free blocks after ours would have run.
known_mappings& all_mappings() {
  static known_mappings& all = *new known_mappings;
  return all;
}

/// Whether a second plan may be another one: by free memory, or by a function.
bool hangs_on_the_moment(const placement& where) {
  switch (where.strategy()) {
    case strategy::most_free:
    case strategy::by_page:
      return true;
    case strategy::unbound:
    case strategy::local:
    case strategy::bind:
    case strategy::interleave:
    case strategy::weighted:
    case strategy::weighted_by_system:
    case strategy::blocked:
      break;
  }
  return false;
}

// All below under plans_mutex.

/// The last one that begins at p or before.
known_mappings::iterator last_up_to(const std::byte* p) {
  known_mappings& all = all_mappings();
  const auto next = all.upper_bound(p);
  return next == all.begin() ? all.end() : std::prev(next);
}

/// One that has bytes of the range; the end if there is none.
known_mappings::iterator any_within(const std::byte* begin, const std::byte* end) {
  const auto at = last_up_to(end - 1);
  const bool is_within = at != all_mappings().end() && at->second->begin + at->second->bytes > begin;
  return is_within ? at : all_mappings().end();
}

}  // namespace

void planned_mapping::note(const plan& p) {
  ranges = range_share(p.ranges.size());
  if (p.chunk != 0) chunk = p.chunk;
  if (!hangs_on_the_moment(where)) return;
  runs.reserve(p.ranges.size());
  for (const plan_range& r : p.ranges) runs.push_back({r.offset + r.length, r.policy.nodes.first()});
}

bool planned_mapping::is_planned_as(const placement& other) const {
  if (other == where) return true;
  if (chunk == chunk::automatic || other.chunk() == chunk::automatic ||
      other.strategy() != where.strategy() || other.by(chunk) != where.by(chunk))
    return false;
  plan same;
  same.page_size = page_size;
  same.bytes = (asked + page_size - 1) / page_size * page_size;
  detail::set_chunk(same, other.chunk());
  return same.chunk == chunk.bytes();
}

plan part_of(plan whole, std::size_t from, std::size_t length) {
  const std::size_t end = from + length;
  std::erase_if(whole.ranges,
                [&](const plan_range& r) { return r.offset + r.length <= from || r.offset >= end; });
  for (plan_range& r : whole.ranges) {
    const std::size_t last = std::min(r.offset + r.length, end);
    r.offset = std::max(r.offset, from);
    r.length = last - r.offset;
    r.offset -= from;
  }
  whole.bytes = length;
  return whole;
}

plan planned_mapping::part(std::size_t from, std::size_t length, const topology& machine) const {
  if (runs.empty()) {
    const placement exact = chunk == chunk::automatic ? where : where.by(chunk);
    return part_of(make_plan(exact, asked, machine,
                             {.page_size = page_size, .max_ranges = std::numeric_limits<std::size_t>::max()}),
                   from, length);
  }
  machine.require_usable(where.nodes());
  plan p;
  p.page_size = page_size;
  const policy_mode mode = where.is_hard() ? policy_mode::bind : policy_mode::prefer;
  const auto first = std::ranges::upper_bound(runs, from, {}, &planned_run::end);
  std::size_t done = first == runs.begin() ? 0 : std::prev(first)->end;
  for (auto r = first; r != runs.end() && done < from + length; done = r++->end)
    p.ranges.push_back({done, r->end - done, {mode, {r->node}}});
  return part_of(std::move(p), from, length);
}

void planned_ranges::add(planned_mapping what) {
  hold_plans_in_fork();
  known_mappings& all = all_mappings();
  // Made before the lock is taken: operator new may have locks of its own, which fork may hold.
  known_mappings made;
  const std::byte* const begin = what.begin;
  const std::byte* const end = begin + what.bytes;
  made.emplace(begin, std::make_shared<const planned_mapping>(std::move(what)));
  auto node = made.extract(made.begin());
  for (;;) {
    known_mappings::node_type gone;  // ends after the lock
    const std::lock_guard lock(plans_mutex);
    const auto stale = any_within(begin, end);
    if (stale == all.end()) {
      all.insert(std::move(node));
      return;
    }
    gone = all.extract(stale);
  }
}

std::shared_ptr<const planned_mapping> planned_ranges::around(const void* p, std::size_t bytes) noexcept {
  const auto* const begin = static_cast<const std::byte*>(p);
  const std::lock_guard lock(plans_mutex);
  const auto at = last_up_to(begin);
  if (at == all_mappings().end()) return nullptr;
  const planned_mapping& m = *at->second;
  const auto before = static_cast<std::size_t>(begin - m.begin);
  return before < m.bytes && bytes <= m.bytes - before ? at->second : nullptr;
}

std::shared_ptr<const planned_mapping> planned_ranges::remove(const void* p, const void* owner) noexcept {
  known_mappings::node_type gone;  // ends after the lock
  const std::lock_guard lock(plans_mutex);
  const auto at = all_mappings().find(static_cast<const std::byte*>(p));
  if (at == all_mappings().end() || at->second->owner != owner) return nullptr;
  gone = all_mappings().extract(at);
  return gone.mapped();
}

std::optional<plan> planned_part(const void* p, std::size_t bytes, const placement& where,
                                 const topology& machine) {
  const auto known = planned_ranges::around(p, bytes);
  if (!known || !known->is_planned_as(where)) return std::nullopt;
  return known->part(static_cast<std::size_t>(static_cast<const std::byte*>(p) - known->begin), bytes,
                     machine);
}

}  // namespace acre::inline v1
