#include "placement/planned_mapping.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "placement/runs.hpp"
#include "placement/strategies.hpp"

namespace acre::inline v1 {
namespace {

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

/// Where each page of a round robin over `bytes` bytes lies, without a plan.
class rounds {
 public:
  rounds(const placement& where, std::size_t chunk, std::size_t bytes) : x_bytes(bytes) {
    const std::vector<node_weight> parts = detail::parts_of(where);
    for (const node_weight& w : parts) {
      const std::size_t length = w.weight > bytes / chunk ? bytes : w.weight * chunk;
      x_turns.push_back({x_round += length, w.node});
    }
    if (parts.size() == 1) x_round = x_turns.front().end = bytes;
  }
  planned_run at(std::size_t offset) const {
    const std::size_t in_round = offset % x_round;
    const auto turn = std::ranges::upper_bound(x_turns, in_round, {}, &planned_run::end);
    return {std::min(offset - in_round + turn->end, x_bytes), turn->node};
  }
  /// All that lies on the node of each turn.
  std::vector<planned_run> shares() const {
    std::vector<planned_run> all;
    std::size_t begin = 0;
    for (const planned_run& turn : x_turns) {
      const std::size_t rest = std::clamp(x_bytes % x_round, begin, turn.end) - begin;
      all.push_back({x_bytes / x_round * (turn.end - begin) + rest, turn.node});
      begin = turn.end;
    }
    return all;
  }

 private:
  std::size_t x_bytes;
  std::vector<planned_run> x_turns;  ///< of one round
  std::size_t x_round = 0;
};

std::size_t whole(std::size_t bytes, std::size_t page_size) {
  return (bytes + page_size - 1) / page_size * page_size;
}

[[noreturn]] void refuse(const placement& where, std::size_t bytes, const std::string& needed,
                         std::size_t most, const std::string& instead) {
  throw error(errc::too_many_ranges, where.to_string() + " of " + format_bytes(bytes) + " needs " + needed +
                                         " ranges, the limit of a mapping is " + std::to_string(most) +
                                         " (the pages of each are made by calls of their own): " + instead);
}

}  // namespace

void planned_mapping::note(const plan& p) {
  ranges = range_share(p.ranges.size());
  placed_by = acre::placed_by::policies;
  remember(p);
}

void planned_mapping::remember(const plan& p) {
  chunk = p.chunk != 0 ? acre::chunk(p.chunk) : acre::chunk::automatic;
  runs.clear();
  if (detail::row_of(where.strategy()).depends_on == detail::dependence::none) return;
  runs.reserve(p.ranges.size());
  for (const plan_range& r : p.ranges) runs.push_back({r.offset + r.length, r.policy.nodes.first()});
}

std::size_t planned_mapping::plan_by_making(const topology& machine) {
  machine.require_usable(where.nodes());
  placed_by = acre::placed_by::making;
  if (!detail::goes_in_rounds(where, page_size)) {
    try {
      const plan all =
          part_of(make_plan(where, asked, machine, {.page_size = page_size, .max_ranges = most_kept_ranges}),
                  0, bytes);
      remember(all);
      return all.ranges.size();
    } catch (const error& e) {
      if (e.code() != errc::too_many_ranges) throw;
      refuse(where, asked, "more than " + std::to_string(most_kept_ranges), most_kept_ranges,
             "longer runs of equal nodes, or larger chunks, would do");
    }
  }
  const std::vector<node_weight> parts = detail::parts_of(where);
  plan p;
  p.page_size = page_size;
  p.bytes = whole(asked, page_size);
  const std::size_t pages = p.bytes / page_size;
  if (where.chunk() == chunk::automatic) {
    constexpr std::size_t fine = 64;  // small memory is dealt out well, too
    // A range costs 7 us, its 64 pages 20 times as much.
    constexpr std::size_t bytes_of_range = std::size_t{256} << 10;
    const std::size_t wanted = std::clamp(asked / bytes_of_range, fine, most_made_ranges);
    p.chunk = page_size * detail::automatic_chunk(parts, pages, wanted);
  } else {
    detail::set_chunk(p, where.chunk());
  }
  const std::size_t chunk_pages = std::min(p.chunk, p.bytes) / page_size;
  const std::size_t needed = detail::ranges_of_rounds(parts, (pages + chunk_pages - 1) / chunk_pages);
  if (needed > most_made_ranges) {
    refuse(where, asked, std::to_string(needed), most_made_ranges,
           "a chunk of " + format_bytes(detail::smallest_chunk(parts, pages, most_made_ranges) * page_size) +
               " or more would do");
  }
  chunk = p.chunk;
  return needed;
}

bool planned_mapping::goes_by_huge_pages() const noexcept {
  if (reinterpret_cast<std::uintptr_t>(begin) % huge_page_bytes != 0) return false;
  return page_size % huge_page_bytes == 0 || (chunk.bytes() != 0 && chunk.bytes() % huge_page_bytes == 0);
}

bool planned_mapping::is_planned_as(const placement& other) const {
  if (other == where) return true;
  if (chunk == chunk::automatic || other.chunk() == chunk::automatic ||
      other.strategy() != where.strategy() || other.by(chunk) != where.by(chunk))
    return false;
  plan same;
  same.page_size = page_size;
  same.bytes = whole(asked, page_size);
  detail::set_chunk(same, other.chunk());
  return same.chunk == chunk.bytes();
}

plan planned_mapping::part(std::size_t from, std::size_t length, const topology& machine,
                           std::size_t most) const {
  const bool in_rounds = detail::goes_in_rounds(where, page_size);
  if (!in_rounds && runs.empty()) {
    const placement exact = chunk == chunk::automatic ? where : where.by(chunk);
    plan some =
        part_of(make_plan(exact, asked, machine,
                          {.page_size = page_size, .max_ranges = std::numeric_limits<std::size_t>::max()}),
                from, length);
    if (some.ranges.size() <= most) return some;
    const std::size_t covered = some.ranges[most].offset;
    return part_of(std::move(some), 0, covered);
  }
  machine.require_usable(where.nodes());
  plan p;
  p.page_size = page_size;
  p.chunk = chunk.bytes();
  const policy_mode mode = where.is_hard() ? policy_mode::bind : policy_mode::prefer;
  const std::size_t end = from + length;
  const auto add = [&](std::size_t at, const planned_run& r) {
    const std::size_t last = std::min(r.end, end);
    p.ranges.push_back({at - from, last - at, {mode, {r.node}}});
    p.bytes = last - from;
    return last;
  };
  if (in_rounds) {
    const rounds all(where, chunk.bytes(), bytes);
    for (std::size_t at = from; at < end && p.ranges.size() < most;) at = add(at, all.at(at));
  } else {
    auto r = std::ranges::upper_bound(runs, from, {}, &planned_run::end);
    for (std::size_t at = from; at < end && p.ranges.size() < most; ++r) at = add(at, *r);
  }
  return p;
}

plan planned_mapping::sums(const topology& machine) const {
  plan all;
  all.bytes = bytes;
  all.page_size = page_size;
  const auto add = [&](node_id node, std::size_t length) {
    if (length == 0) return;
    const auto same =
        std::ranges::find_if(all.ranges, [&](const plan_range& r) { return r.policy.nodes.first() == node; });
    if (same == all.ranges.end()) {
      all.ranges.push_back({0, length, {where.is_hard() ? policy_mode::bind : policy_mode::prefer, {node}}});
    } else {
      same->length += length;
    }
  };
  if (detail::goes_in_rounds(where, page_size)) {
    for (const planned_run& share : rounds(where, chunk.bytes(), bytes).shares()) add(share.node, share.end);
  } else if (!runs.empty()) {
    std::size_t done = 0;
    for (const planned_run& r : runs) add(r.node, r.end - std::exchange(done, r.end));
  } else {
    for (const plan_range& r : part(0, bytes, machine).ranges) add(r.policy.nodes.first(), r.length);
  }
  return all;
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

}  // namespace acre::inline v1
