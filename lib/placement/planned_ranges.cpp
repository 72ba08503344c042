#include "placement/planned_ranges.hpp"

#include <iterator>
#include <map>
#include <mutex>
#include <utility>

#include "base/fork_handlers.hpp"
#include "base/small_mutex.hpp"

namespace acre::inline v1 {
namespace {

using known_mappings = std::map<const std::byte*, std::shared_ptr<const planned_mapping>>;

constinit small_mutex plans_mutex;
bool hold_plans_in_fork() { return hold_mutex_in_fork<fork_part::plans, plans_mutex>(); }
// As early as can be, see fork_handlers.hpp; others' static constructors may come first.
[[maybe_unused]] const bool plans_are_held_from_the_start = hold_plans_in_fork();

// Never destroyed: static destructors may free blocks after ours would have run.
known_mappings& all_mappings() {
  static known_mappings& all = *new known_mappings;
  return all;
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

std::shared_ptr<const planned_mapping> planned_ranges::exact_around(const void* p,
                                                                    std::size_t bytes) noexcept {
  auto known = around(p, bytes);
  return known && known->placed_by == placed_by::making ? known : nullptr;
}

std::shared_ptr<const planned_mapping> planned_ranges::remove(const void* p, const void* owner) noexcept {
  known_mappings::node_type gone;  // ends after the lock
  const std::lock_guard lock(plans_mutex);
  const auto at = all_mappings().find(static_cast<const std::byte*>(p));
  if (at == all_mappings().end() || at->second->owner != owner) return nullptr;
  gone = all_mappings().extract(at);
  return gone.mapped();
}

}  // namespace acre::inline v1
