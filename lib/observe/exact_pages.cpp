#include "observe/exact_pages.hpp"

#include <acre/apply.hpp>
#include <acre/error.hpp>
#include <acre/prefault.hpp>

#include <algorithm>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

#include "base/code_of.hpp"
#include "observe/page_mover.hpp"
#include "observe/page_walk.hpp"
#include "observe/populate.hpp"
#include "placement/kernel_policy.hpp"
#include "placement/range_budget.hpp"
#include "placement/strategies.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre::inline v1 {
namespace {

/// Ranges worked on at a time: what nobody needs to count, and what is worth threads, where the budget has room for it.
constexpr std::size_t few_ranges = 128;
constexpr std::size_t many_ranges = 4096;
/// What is larger is worth threads.
constexpr std::size_t little = std::size_t{4} << 20;

/// How many ranges may be mappings of their own for a moment.
class momentary_ranges {
 public:
  explicit momentary_ranges(std::size_t bytes) {
    // Not from the last half of the budget, which others may need.
    if (bytes <= little || ranges_in_use() > range_budget() / 2 - std::min(range_budget() / 2, many_ranges))
      return;
    try {
      x_share = range_share(many_ranges);
    } catch (const error&) {
      return;  // others were faster
    }
    x_most = many_ranges;
  }
  std::size_t most() const noexcept { return x_most; }

 private:
  range_share x_share;
  std::size_t x_most = few_ranges;
};

/// Gives a part of it the one policy again. \returns 0 or errno
int unite_exact_pages(const planned_mapping& as, std::size_t from, std::size_t length) noexcept {
  return sys::bind(as.begin + from, length, sys::mode_bind, to_bits(as.where.nodes()));
}

class united_in_the_end {
 public:
  united_in_the_end(const planned_mapping& as, std::size_t from, std::size_t length)
      : x_as(as), x_from(from), x_length(length) {}
  ~united_in_the_end() { unite_exact_pages(x_as, x_from, x_length); }
  united_in_the_end(const united_in_the_end&) = delete;
  united_in_the_end& operator=(const united_in_the_end&) = delete;

 private:
  const planned_mapping& x_as;
  std::size_t x_from;
  std::size_t x_length;
};

/// Three calls for a range where nothing is wrong; that every page lies right is what the last one says.
bool try_make(const plan& p, std::byte* base, const topology& machine) {
  for (const plan_range& r : p.ranges) {
    if (prefer_for_now(base + r.offset, r.length, r.policy.nodes) != 0) return false;
  }
  const int failed = p.bytes <= little ? sys::populate(base, p.bytes) : populate_parallel(p, base, machine);
  if (failed != 0) return false;
  return std::ranges::all_of(p.ranges, [&](const plan_range& r) {
    return sys::bind(base + r.offset, r.length, sys::mode_bind, to_bits(r.policy.nodes),
                     sys::page_moving::refused) == 0;
  });
}

/// The node of a page under the kernel's round robin, and of the next ones in turn.
class kernel_turns {
 public:
  kernel_turns(const node_set& nodes, const std::byte* first)
      : x_nodes(nodes.begin(), nodes.end()),
        x_first(reinterpret_cast<std::uintptr_t>(first) / sys::page_size()) {}
  node_id node(std::size_t page) const { return x_nodes[(x_first + page) % x_nodes.size()]; }

 private:
  std::vector<node_id> x_nodes;
  std::uintptr_t x_first;
};

/// Whether the kernel's own round robin by page is the plan's. It counts by the address.
bool may_interleave(const planned_mapping& as, std::size_t from, const topology& machine) {
  const std::size_t page = sys::page_size();
  const bool goes_round = detail::row_of(as.where.strategy()).goes_round_as_kernel;
  if (!goes_round || as.chunk != chunk(page)) return false;
  const node_id first = kernel_turns(as.where.nodes(), as.begin + from).node(0);
  return as.part(from, page, machine).ranges.front().policy.nodes == node_set{first};
}

/// One call for all pages. Those that the kernel puts elsewhere, because a node is full, show by a look.
/// \returns whether all lie right
bool try_interleaved(const planned_mapping& as, std::size_t from, std::size_t length,
                     const topology& machine) {
  const std::size_t page = sys::page_size();
  std::byte* const base = as.begin + from;
  const kernel_turns turns(as.where.nodes(), base);
  const plan all{.ranges = {{0, length, {policy_mode::interleave, as.where.nodes()}}},
                 .bytes = length,
                 .page_size = page};
  if (sys::bind(base, length, sys::mode_interleave, to_bits(as.where.nodes())) != 0) return false;
  const int failed = length <= little ? sys::populate(base, length) : populate_parallel(all, base, machine);
  if (failed != 0) return false;
  const auto begin = reinterpret_cast<std::uintptr_t>(base);
  page_looker looker({begin, begin + length, page});
  bool all_right = true;
  const std::error_code unseen = code_of([&] {
    walk_pages(looker, begin, begin + length, page, [&](std::size_t i, int node) {
      all_right = all_right && node == static_cast<int>(turns.node(i));
    });
  });
  return !unseen && all_right;
}

/// Counts what was done to a part.
/// \param offset of the part, from the beginning of all
void add(migration& all, const migration& part, std::size_t offset) {
  all.moved += part.moved;
  all.in_place += part.in_place;
  all.untouched += part.untouched;
  all.shared += part.shared;
  all.busy += part.busy;
  all.no_room += part.no_room;
  all.undivided += part.undivided;
  all.unknown += part.unknown;
  if (!all.first_failed && part.first_failed) all.first_failed = offset + *part.first_failed;
}

}  // namespace

int prefer_for_now(void* p, std::size_t bytes, const node_set& nodes) noexcept {
  // MPOL_PREFERRED spills to what is nearest to its node, without a home node being set.
  const int mode = nodes.size() == 1 ? sys::mode_preferred : sys::mode_preferred_many;
  return sys::bind(p, bytes, mode, to_bits(nodes));
}

// The kernel joins mappings only if their pages are found in the same way (anon_vma), which is settled when the first
// page of one is made: for all that is cut out of it afterwards, and for what is joined with it before.
void prepare_exact_pages(const planned_mapping& as, const topology& machine) {
  const policy one = as.together();
  apply(as.begin, plan{.ranges = {{0, as.bytes, one}}, .bytes = as.bytes, .page_size = as.page_size},
        machine);
  const plan first = as.part(0, sys::page_size(), machine);
  // What fails here is found by make_exact_pages().
  if (prefer_for_now(as.begin, as.bytes, first.ranges.front().policy.nodes) == 0)
    sys::populate(as.begin, sys::page_size());
  unite_exact_pages(as, 0, as.bytes);
}

void make_exact_pages(const planned_mapping& as, std::size_t from, std::size_t length,
                      const topology& machine) {
  const std::size_t end = from + length;
  if (may_interleave(as, from, machine)) {
    const united_in_the_end one_policy(as, from, length);
    if (try_interleaved(as, from, length, machine)) return;
    sys::discard(as.begin + from, length);
  }
  const momentary_ranges ranges(length);
  for (std::size_t at = from; at < end;) {
    const plan slice = as.part(at, end - at, machine, ranges.most());
    const united_in_the_end one_policy(as, at, slice.bytes);
    if (!try_make(slice, as.begin + at, machine)) {
      // Whether there is room for all of them is looked at once more.
      sys::discard(as.begin + at, slice.bytes);
      prefault(as.begin + at, slice, machine);
    }
    at += slice.bytes;
  }
}

void complete_exact_pages(const planned_mapping& as, std::size_t from, std::size_t length,
                          const topology& machine) {
  const std::size_t end = from + length;
  const momentary_ranges ranges(length);
  for (std::size_t at = from; at < end;) {
    const plan slice = as.part(at, end - at, machine, ranges.most());
    const united_in_the_end one_policy(as, at, slice.bytes);
    prefault(as.begin + at, slice, machine);
    at += slice.bytes;
  }
}

migration bring_exact_pages_home(const planned_mapping& as, std::size_t from, std::size_t length,
                                 const topology& machine) {
  const std::size_t end = from + length;
  const momentary_ranges ranges(length);
  migration all;
  for (std::size_t at = from; at < end;) {
    const plan slice = as.part(at, end - at, machine, ranges.most());
    const united_in_the_end one_policy(as, at, slice.bytes);
    std::vector<downgrade> downgrades = apply(as.begin + at, slice, machine);
    add(all, move_to_plan(as.begin + at, slice, machine), at - from);
    if (all.downgrades.empty()) all.downgrades = std::move(downgrades);
    at += slice.bytes;
  }
  return all;
}

}  // namespace acre::inline v1
