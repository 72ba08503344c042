#include <acre/check.hpp>

#include <acre/error.hpp>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <ostream>
#include <utility>
#include <vector>

#include "base/code_of.hpp"
#include "base/counted.hpp"
#include "observe/count_pages.hpp"
#include "observe/interleaving.hpp"
#include "observe/page_range.hpp"
#include "observe/policy_look.hpp"
#include "placement/planned_ranges.hpp"
#include "placement/strategies.hpp"
#include "sys/mappings.hpp"

namespace acre::inline v1 {
namespace {

std::size_t in_range(std::uintptr_t at, const page_range& range) { return at - range.begin; }

/// Whether policies can differ within a mapping. A shared object keeps them by offset, without splitting the mappings
/// of other processes; objects of hugetlb pages alone keep none, there the mapping that was bound has the policy.
/// \param huge whether the range has hugetlb pages; where it has none, nobody asks for the size of its pages
bool has_policies_by_offset(const sys::map_line& m, const page_range& range, bool huge) {
  if (!m.shared || !huge) return m.shared;
  return kernel_page_size(reinterpret_cast<const void*>(m.begin)) == range.page_size;
}

/// Compares the kernel's policies with the plan's: at the start of every range and of every mapping, and at every page
/// of those that have policies by offset.
/// \param together what all of them may have instead
std::optional<differing_policy> compare_policies(const plan& wanted, const page_range& range, bool huge,
                                                 const std::optional<policy>& together) {
  policy_looker policies;
  const auto differs = [&](std::uintptr_t at) -> std::optional<differing_policy> {
    const policy& expected = wanted.at(in_range(at, range)).policy;
    if (together && policies.is_installed(at, *together)) return std::nullopt;
    if (policies.is_installed(at, expected)) return std::nullopt;
    return differing_policy{in_range(at, range), policies.at(at).value_or(policy{}),
                            together.value_or(expected)};
  };
  // Where there is one policy, there is one mapping: ranges need not be asked.
  for (const plan_range& r : wanted.ranges) {
    if (r.offset >= range.bytes() || (together && r.offset != 0)) break;
    if (auto d = differs(range.begin + r.offset)) return d;
  }
  for (const sys::map_line& m : mappings_of(range)) {
    const std::uintptr_t end = has_policies_by_offset(m, range, huge) ? m.end : m.begin + 1;
    for (std::uintptr_t at = m.begin; at < end; at += range.page_size) {
      if (auto d = differs(at)) return d;
    }
  }
  return std::nullopt;
}

using wrong_pages = std::vector<misplaced_page>;

/// Where the pages of a range lie, looked at once for all comparisons.
struct seen_pages {
  explicit seen_pages(const page_range& range) : nodes(range.pages()), all(count_pages(range, nodes)) {}

  std::vector<int> nodes;  ///< of each page, a negative number where none is known
  residency all;
};

/// Compares the pages' places with what the plan allows.
class page_comparison {
 public:
  page_comparison(const plan& wanted, const page_range& range, const seen_pages& pages, check_result& result)
      : x_wanted(wanted), x_range(range), x_result(result), x_nodes(pages.nodes) {}

  void run() {
    for (const plan_range& r : x_wanted.ranges) {
      if (r.offset >= x_range.bytes()) break;
      const std::size_t end = std::min(x_range.bytes(), r.offset + r.length);
      const std::vector<node_id> turns = turns_of(r.policy);
      if (turns.empty()) {
        compare_with_set(r.offset, end, r.policy.nodes);
      } else {
        compare_with_turns(r.offset, end, turns);
      }
    }
    std::sort(x_wrong.begin(), x_wrong.end(),
              [](const misplaced_page& a, const misplaced_page& b) { return a.offset < b.offset; });
    x_result.misplaced = x_wrong.size();
    if (!x_wrong.empty()) x_result.page = x_wrong.front();
  }

 private:
  int node_at(std::size_t offset) const { return x_nodes[offset / x_range.page_size]; }

  void compare_with_set(std::size_t begin, std::size_t end, const node_set& nodes) {
    if (nodes.empty()) return;
    for (std::size_t at = begin; at < end; at += x_range.page_size) {
      const int node = node_at(at);
      if (node >= 0 && !nodes.contains(static_cast<node_id>(node)))
        x_wrong.push_back({at, static_cast<node_id>(node), nodes});
    }
  }

  /// Each mapping has its own place in the round, and its huge pages another.
  void compare_with_turns(std::size_t begin, std::size_t end, const std::vector<node_id>& turns) {
    if (!x_mappings) x_mappings = whole_mappings_of(x_range);
    for (const sys::map_line& m : *x_mappings) {
      const std::size_t first = std::max(begin, m.begin > x_range.begin ? m.begin - x_range.begin : 0);
      const std::size_t last = std::min(end, m.end - x_range.begin);
      if (first >= last) continue;
      wrong_pages wrong = out_of_turn_in(m, first, last, turns, x_range.page_size);
      if (!wrong.empty() && may_be_huge()) {
        // What lies together may be a huge page or not, and need not be one any more: the better reading counts.
        const std::size_t unit = x_result.where.hugetlb != 0
                                     ? std::max(kernel_page_size(reinterpret_cast<void*>(m.begin)), huge_page)
                                     : huge_page;
        wrong_pages in_huge = out_of_turn_in(m, first, last, turns, unit);
        if (in_huge.size() < wrong.size()) wrong = std::move(in_huge);
      }
      x_wrong.insert(x_wrong.end(), wrong.begin(), wrong.end());
    }
  }

  bool may_be_huge() {
    if (!x_may_be_huge)
      x_may_be_huge =
          x_result.where.transparent_huge + x_result.where.hugetlb != 0 || wants_huge_pages(x_range);
    return *x_may_be_huge;
  }

  /// \param unit bytes: what lies together in a block of so many takes turns as one
  wrong_pages out_of_turn_in(const sys::map_line& m, std::size_t begin, std::size_t end,
                             const std::vector<node_id>& turns, std::size_t unit) const {
    std::vector<placed_unit> base;
    std::vector<placed_unit> huge;
    for (std::size_t at = begin; at < end;) {
      const std::uintptr_t head = (x_range.begin + at) / unit * unit;
      const std::size_t next = std::min(end, head + unit - x_range.begin);
      // A mapping that has but a part of a block has no huge page there.
      if (head >= m.begin && head + unit <= m.end && lie_together(at, next)) {
        huge.push_back({turn_of(m, head, unit, x_range.page_size), at, static_cast<node_id>(node_at(at))});
      } else {
        for (std::size_t page = at; page < next; page += x_range.page_size) {
          if (node_at(page) < 0) continue;
          base.push_back({turn_of(m, x_range.begin + page, x_range.page_size, x_range.page_size), page,
                          static_cast<node_id>(node_at(page))});
        }
      }
      at = next;
    }
    wrong_pages wrong;
    const std::uint64_t shift = base.empty() ? 0 : shift_of(base, turns);
    for (const placed_unit& u : base) {
      const node_id wanted = turns[(u.turn + shift) % turns.size()];
      if (u.node != wanted) wrong.push_back({u.offset, u.node, node_set{wanted}});
    }
    // The range may begin and end within huge pages that were divided: it is no block as a whole that takes turns then.
    std::erase_if(huge, [&](const placed_unit& u) {
      const std::uintptr_t first = x_range.begin + u.offset;
      const std::uintptr_t last = std::min(x_range.begin + end, (first / unit + 1) * unit);
      if (last - first == unit) return false;
      const std::uint64_t turn = turn_of(m, first, x_range.page_size, x_range.page_size) + shift;
      for (std::size_t i = 0; i < (last - first) / x_range.page_size; ++i) {
        if (turns[(turn + i) % turns.size()] != u.node) return false;
      }
      return true;
    });
    if (huge.empty()) return wrong;
    for (std::size_t i : out_of_turn(huge, turns)) {
      const node_id before = i == 0 ? huge[i].node : huge[i - 1].node;
      for (std::size_t page = huge[i].offset; page < end && same_unit(page, huge[i].offset, unit);
           page += x_range.page_size)
        wrong.push_back({page, huge[i].node, node_set{node_after(before, turns)}});
    }
    return wrong;
  }

  bool same_unit(std::size_t a, std::size_t b, std::size_t unit) const {
    return (x_range.begin + a) / unit == (x_range.begin + b) / unit;
  }

  static node_id node_after(node_id node, const std::vector<node_id>& turns) {
    const auto at = std::find(turns.rbegin(), turns.rend(), node);
    return at == turns.rend() || at == turns.rbegin() ? turns.front() : *std::prev(at);
  }

  /// More than a page, all there, on one node: a huge page, or one that was.
  bool lie_together(std::size_t begin, std::size_t end) const {
    const int node = node_at(begin);
    if (node < 0 || end - begin <= x_range.page_size) return false;
    for (std::size_t at = begin; at < end; at += x_range.page_size) {
      if (node_at(at) != node) return false;
    }
    return true;
  }

  const plan& x_wanted;
  const page_range& x_range;
  check_result& x_result;
  const std::vector<int>& x_nodes;
  std::optional<std::vector<sys::map_line>> x_mappings;
  std::optional<bool> x_may_be_huge;
  wrong_pages x_wrong;
};

/// Whether what is right was decided when the memory was mapped: by free memory, or by the mappings that were left.
bool was_decided(const placement& where) {
  return detail::has_automatic_chunks(where) ||
         detail::row_of(where.strategy()).depends_on == detail::dependence::free_memory;
}

/// What the kernel has counts as decided, if it is a policy that the placement could have made. most_free decides for
/// each chunk; of automatic chunks nobody knows where they begin, so it is asked page by page, or once for a mapping
/// that has one policy.
plan as_decided(const placement& where, const page_range& range, std::size_t page_size,
                const topology& machine) {
  plan p = make_plan(where, range.bytes(), machine, {.page_size = page_size, .max_ranges = range.pages()});
  if (!was_decided(where)) return p;
  const policy_mode mode = where.is_hard() ? policy_mode::bind : policy_mode::prefer;
  plan decided = p;
  decided.ranges.clear();
  policy_looker policies;
  const auto decide = [&](std::size_t at, std::size_t bytes) {
    const policy found = at < range.bytes() ? policies.at(range.begin + at).value_or(policy{}) : policy{};
    const bool possible =
        found.mode == mode && found.nodes.size() == 1 && where.nodes().contains(found.nodes);
    // Of automatic chunks any of the nodes would do; the first stands for them.
    const node_set stands_for_all{where.nodes().first()};
    const policy wanted = where.chunk() == chunk::automatic ? policy{mode, stands_for_all} : p.at(at).policy;
    const policy expected = possible ? found : wanted;
    if (!decided.ranges.empty() && decided.ranges.back().policy == expected) {
      decided.ranges.back().length += bytes;
    } else {
      decided.ranges.push_back({at, bytes, expected});
    }
  };
  if (where.chunk() != chunk::automatic) {
    for (std::size_t at = 0; at < p.bytes; at += std::min(p.chunk, p.bytes - at))
      decide(at, std::min(p.chunk, p.bytes - at));
    return decided;
  }
  for (const sys::map_line& m : mappings_of(range)) {
    const std::size_t step = m.shared ? range.page_size : m.end - m.begin;
    for (std::uintptr_t at = m.begin; at < m.end; at += step) decide(at - range.begin, step);
  }
  if (decided.ranges.empty()) throw error(errc::not_mapped, "check: the range is not mapped any more");
  const std::size_t end = decided.ranges.back().offset + decided.ranges.back().length;
  if (end < p.bytes) decided.ranges.back().length += p.bytes - end;
  return decided;
}

}  // namespace

namespace {

check_result compare(const plan& wanted, const page_range& range, const seen_pages& pages,
                     const std::optional<policy>& together = {}) {
  check_result result;
  result.where = pages.all;
  result.policy = compare_policies(wanted, range, pages.all.hugetlb != 0, together);
  page_comparison(wanted, range, pages, result).run();
  return result;
}

check_result compare(const placement& where, const page_range& range, std::size_t page_size,
                     const seen_pages& pages, const topology& machine) {
  return compare(as_decided(where, range, page_size, machine), range, pages);
}

/// Transparent huge pages do not show what size a range was planned in: the one that fits better counts.
check_result compare_in_huge_pages(const placement& where, const page_range& range, const seen_pages& pages,
                                   const topology& machine, check_result in_base_pages) {
  if (pages.all.transparent_huge == 0 && !wants_huge_pages(range)) return in_base_pages;
  try {
    check_result result = compare(where, range, huge_page, pages, machine);
    return result.ok() || result.misplaced < in_base_pages.misplaced ? result : in_base_pages;
  } catch (const error&) {
    return in_base_pages;  // there is no such plan
  }
}

/// "page 3 (byte 12288, 0x7f0000003000)"
std::string page_text(std::size_t offset, const residency& where, const void* begin) {
  char address[2 * sizeof offset + 3];
  std::snprintf(address, sizeof address, "%#" PRIxPTR, reinterpret_cast<std::uintptr_t>(begin) + offset);
  return "page " + std::to_string(offset / where.page_size) + " (byte " + std::to_string(offset) + ", " +
         address + ")";
}

}  // namespace

check_result check(const void* p, std::size_t bytes, const placement& where, const check_options& options,
                   const topology& machine) {
  const page_range range = require_mapped(p, bytes, "check");
  const seen_pages pages(range);
  const auto known = planned_ranges::around(range.data(), range.bytes());
  if (known && known->is_planned_as(where)) {
    const plan wanted = known->part(known->offset_of(range.data()), range.bytes(), machine);
    const bool by_making = known->placed_by == placed_by::making;
    check_result result =
        compare(wanted, range, pages, by_making ? std::optional(known->together()) : std::nullopt);
    result.begin = range.data();
    return result;
  }
  std::size_t page = options.page_size;
  // Base pages that are there have told already that they are; the kernel may have to walk for the size of others.
  if (page == 0)
    page = pages.all.hugetlb == 0 && pages.all.resident() != 0
               ? range.page_size
               : sys::page_size_at(range.begin).value_or(range.page_size);
  check_result result = compare(where, range, page, pages, machine);
  if (options.page_size == 0 && page == range.page_size && !result.ok())
    result = compare_in_huge_pages(where, range, pages, machine, std::move(result));
  result.begin = range.data();
  return result;
}

check_result check(const void* p, std::size_t bytes, const placement& where, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return check(p, bytes, where); });
}
check_result check(const void* p, std::size_t bytes, const placement& where, const check_options& options,
                   std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return check(p, bytes, where, options); });
}
check_result check(const void* p, std::size_t bytes, const placement& where, const check_options& options,
                   const topology& machine, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return check(p, bytes, where, options, machine); });
}

std::string check_result::to_string() const {
  if (where.pages == 0) return "not checked";
  std::string text;
  if (policy) {
    text = "policy differs at " + page_text(policy->offset, where, begin) + ": '" +
           policy->actual.to_string() + "' instead of '" + policy->expected.to_string() + "'";
  }
  if (page) {
    if (!text.empty()) text += "; ";
    text += counted(misplaced, "page") + (misplaced == 1 ? " lies" : " lie") + " elsewhere, the first is " +
            page_text(page->offset, where, begin) + " on node " + std::to_string(page->actual) +
            " instead of " + page->expected.to_string();
  }
  if (text.empty()) text = where.unknown == 0 ? "as placed" : "as placed, as far as the kernel tells";
  return text + ": " + where.to_string();
}

std::ostream& operator<<(std::ostream& out, const check_result& r) { return out << r.to_string(); }

}  // namespace acre::inline v1
