#include "observe/page_mover.hpp"

#include <acre/apply.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>

#include "observe/cut_ends.hpp"
#include "observe/interleaving.hpp"
#include "observe/page_walk.hpp"
#include "placement/kernel_policy.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {

page_mover::page_mover(const page_range& range, const plan& wanted, const topology& machine)
    : x_range(range),
      x_wanted(wanted),
      x_machine(machine),
      x_mappings(whole_mappings_of(range)),
      x_was_wrong(range.pages()),
      x_turn(range.pages(), -1),
      x_status(range.pages(), 0) {
  // Of a soft policy whose nodes the cpuset allows no more what is left was installed.
  const auto allowed = allowed_now();
  for (const plan_range& r : wanted.ranges) {
    x_policies.push_back(r.policy);
    if (allowed) x_policies.back().nodes = r.policy.nodes & *allowed;
  }
  if (wanted.ranges.size() == 1) return;
  x_range_of.resize(range.pages());
  for (std::size_t r = 0; r < wanted.ranges.size(); ++r) {
    const plan_range& part = wanted.ranges[r];
    std::fill_n(x_range_of.begin() + static_cast<std::ptrdiff_t>(part.offset / range.page_size),
                part.length / range.page_size, r);
  }
}

migration page_mover::run() {
  const cut_ends ends(x_range, x_machine);
  x_now = look();
  const bool some_untold = move_untold_pages();
  if (some_untold) x_now = look();
  take_turns();
  for (std::size_t i = 0; i < x_range.pages(); ++i) x_was_wrong[i] = x_was_wrong[i] || is_wrong(i);
  // A first attempt moves huge pages as a whole where they want to be whole. Pages that others hold for a moment, as
  // the kernel's own lists do, may move in a further one.
  constexpr int most_attempts = 5;
  std::size_t wrong = x_range.pages() + 1;
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    std::size_t now_wrong = 0;
    for (std::size_t i = 0; i < x_range.pages(); ++i) now_wrong += is_wrong(i) ? 1U : 0U;
    if (now_wrong == 0 || (attempt > 1 && now_wrong >= wrong)) break;
    wrong = now_wrong;
    divide(attempt != 0);
    map_wrong_pages();
    move_wrong_pages();
    x_now = look();
  }
  return report();
}

const policy& page_mover::policy_of(std::size_t page) const {
  return x_policies[x_range_of.empty() ? 0 : x_range_of[page]];
}

node_id page_mover::wanted_node(std::size_t page) const {
  const auto now = static_cast<node_id>(x_now[page]);
  if (x_turn[page] >= 0) return static_cast<node_id>(x_turn[page]);
  const policy& p = policy_of(page);
  if (p.nodes.empty() || p.nodes.contains(now)) return now;
  if (p.mode != policy_mode::weighted_interleave) return nearest_of(x_machine, now, p.nodes);
  // The weights are not known: that of none is too large.
  return *std::next(p.nodes.begin(), static_cast<std::ptrdiff_t>(page % p.nodes.size()));
}

std::vector<int> page_mover::look() const {
  std::vector<int> nodes(x_range.pages());
  page_looker looker(x_range);
  walk_pages(looker, x_range.begin, x_range.end, x_range.page_size,
             [&](std::size_t i, int node) { nodes[i] = node; });
  return nodes;
}

/// Works out whose turn each page of the interleaved ranges is.
void page_mover::take_turns() {
  for (const plan_range& r : x_wanted.ranges) {
    if (r.policy.mode != policy_mode::interleave && r.policy.mode != policy_mode::weighted_interleave)
      continue;
    for (const sys::map_line& m : x_mappings) {
      const std::uintptr_t begin = std::max(m.begin, x_range.begin + r.offset);
      const std::uintptr_t end = std::min({m.end, x_range.begin + r.offset + r.length, x_range.end});
      if (begin < end) take_turns(m, index(begin), index(end), policy_of(index(begin)));
    }
  }
}

void page_mover::take_turns(const sys::map_line& m, std::size_t begin, std::size_t end, const policy& p) {
  const std::size_t unit = turning_unit(m);
  // As areas do: else the kernel interleaves huge pages, and khugepaged makes them, whatever the policy
  // (Documentation/admin-guide/mm/transhuge.rst).
  if (unit == x_range.page_size)
    sys::refuse_huge_pages(reinterpret_cast<void*>(address(begin)), address(end) - address(begin));
  const std::vector<node_id> turns = turns_of(p);
  if (turns.empty()) return;
  // Where the round begins is the kernel's business, and not in all cases known: what takes turns already stays.
  const auto wanted = [&](const std::vector<placed_unit>& units) {
    const std::uint64_t shift = certain_shift_of(units, turns).value_or(0);
    return [&turns, shift](const placed_unit& u) { return turns[(u.turn + shift) % turns.size()]; };
  };
  std::vector<placed_unit> huge;
  std::vector<std::size_t> ends;
  for (std::size_t i = begin; i < end;) {
    const std::uintptr_t head = address(i) / unit * unit;
    const std::size_t next = std::min(end, index(head + unit));
    if (next - i > 1 && head >= m.begin && head + unit <= m.end && lie_together(i, next)) {
      huge.push_back({turn_of(m, head, unit, x_range.page_size), i, static_cast<node_id>(x_now[i])});
      ends.push_back(next);
    }
    i = next;
  }
  const auto wanted_of_huge = wanted(huge);
  for (std::size_t u = 0; u < huge.size(); ++u) {
    const node_id node = wanted_of_huge(huge[u]);
    // A part of a huge page is divided from it to be moved, and then its pages take turns one by one.
    if (node != huge[u].node && is_cut(huge[u].offset, ends[u])) continue;
    for (std::size_t page = huge[u].offset; page < ends[u]; ++page) x_turn[page] = static_cast<int>(node);
  }
  std::vector<placed_unit> base;
  for (std::size_t i = begin; i < end; ++i) {
    if (x_now[i] < 0 || x_turn[i] >= 0) continue;
    base.push_back(
        {turn_of(m, address(i), x_range.page_size, x_range.page_size), i, static_cast<node_id>(x_now[i])});
  }
  const auto wanted_of_base = wanted(base);
  for (const placed_unit& u : base) x_turn[u.offset] = static_cast<int>(wanted_of_base(u));
}

/// What takes turns in a mapping: hugetlb pages; huge pages where they were asked for; else base pages.
std::size_t page_mover::turning_unit(const sys::map_line& m) {
  if (!x_entries) x_entries = sys::smaps(x_range.begin, x_range.end);
  for (const sys::smaps_entry& e : *x_entries) {
    if (m.begin >= e.end || m.end <= e.begin) continue;
    if (e.page_size > x_range.page_size) return e.page_size;
    if (e.wants_huge && e.transparent_huge != 0) return huge_page;
  }
  return x_range.page_size;
}

bool page_mover::lie_together(std::size_t begin, std::size_t end) const {
  return x_now[begin] >= 0 && std::all_of(x_now.begin() + static_cast<std::ptrdiff_t>(begin),
                                          x_now.begin() + static_cast<std::ptrdiff_t>(end),
                                          [&](int node) { return node == x_now[begin]; });
}

/// The end of the part of the range where a huge page could be.
std::size_t page_mover::block_end(std::size_t page) const {
  return index(std::min(x_range.end, (address(page) / huge_page + 1) * huge_page));
}

/// Whether the range has only a part of what may be a huge page.
bool page_mover::is_cut(std::size_t begin, std::size_t end) const {
  return address(begin) % huge_page != 0 || address(end) % huge_page != 0;
}

/// Whether the pages of a block want to lie on different nodes. What the range ends in the middle of stays, too.
bool page_mover::is_divided(std::size_t begin, std::size_t end) const {
  if (is_cut(begin, end)) return true;
  std::optional<node_id> node;
  for (std::size_t i = begin; i < end; ++i) {
    if (x_now[i] < 0) continue;
    if (node && wanted_node(i) != *node) return true;
    node = wanted_node(i);
  }
  return false;
}

/// Moving a page of a huge page moves all of it. MADV_COLD of a part divides it (mm/madvise.c,
/// madvise_cold_or_pageout_pte_range, Linux 5.4), and does no more than to make that part older; not so if others map
/// it, if it is locked in memory, or of hugetlb pages.
void page_mover::divide(bool each_page) {
  for (std::size_t begin = 0; begin < x_range.pages();) {
    const std::size_t end = block_end(begin);
    bool divided = false;
    bool asked = false;
    for (std::size_t i = begin; i < end; ++i) {
      if (!is_wrong(i)) continue;
      if (!asked) divided = is_divided(begin, end);
      asked = true;
      if (!divided) break;
      sys::make_cold(reinterpret_cast<void*>(address(i)), x_range.page_size);
      if (!each_page) break;
    }
    begin = end;
  }
}

/// move_pages(2) moves what this process has mapped. The pages exist, and so reading makes none.
void page_mover::map_wrong_pages() {
  for (const sys::map_line& m : x_mappings) {
    if (!m.shared) continue;
    const std::size_t last = index(std::min(m.end, x_range.end));
    for (std::size_t i = index(std::max(m.begin, x_range.begin)); i < last;) {
      const std::size_t begin = i;
      while (i < last && is_wrong(i)) ++i;
      if (begin == i) {
        ++i;
      } else {
        sys::populate_for_reading(reinterpret_cast<void*>(address(begin)), address(i) - address(begin));
      }
    }
  }
}

void page_mover::move_wrong_pages() {
  pending_moves moves;
  for (std::size_t i = 0; i < x_range.pages(); ++i) {
    if (is_wrong(i)) moves.add(address(i), wanted_node(i));
  }
  const int refused = moves.run();
  for (std::size_t k = 0; k < moves.size(); ++k) x_status[index(moves.page(k))] = moves.status(k);
  if (refused != 0) move_by_policy(moves);
}

/// Where the kernel tells of mappings only, and one has pages on several nodes: mbind(2) knows better which lie
/// elsewhere. When they lie on one node, that is told.
/// \returns whether there were such pages
bool page_mover::move_untold_pages() {
  bool any = false;
  for (std::size_t i = 0; i < x_range.pages();) {
    const std::size_t first = i;
    const policy& p = policy_of(first);
    while (i < x_range.pages() && x_now[i] == node_not_told && policy_of(i) == p) ++i;
    if (first == i) {
      ++i;
      continue;
    }
    any = true;
    if (p.mode != policy_mode::bind && p.mode != policy_mode::prefer) continue;
    std::fill(x_was_wrong.begin() + static_cast<std::ptrdiff_t>(first),
              x_was_wrong.begin() + static_cast<std::ptrdiff_t>(i), true);
    auto* const run = reinterpret_cast<void*>(address(first));
    const std::size_t bytes = (i - first) * x_range.page_size;
    // By a preference, as below.
    const int mode = p.nodes.size() == 1 ? sys::mode_preferred : sys::mode_preferred_many;
    sys::bind(run, bytes, mode, to_bits(p.nodes), sys::page_moving::some);
    apply(run, plan{.ranges = {{0, bytes, p}}, .bytes = bytes, .page_size = x_wanted.page_size}, x_machine);
  }
  return any;
}

/// Where move_pages(2) is refused: mbind(2) moves what lies elsewhere, a run of pages at a time. By a preference:
/// touching new pages of a full node must kill nobody meanwhile.
void page_mover::move_by_policy(const pending_moves& moves) {
  for (std::size_t k = 0; k < moves.size();) {
    const std::size_t first = index(moves.page(k));
    const policy& final_policy = policy_of(first);
    std::size_t n = 1;
    while (k + n < moves.size() && index(moves.page(k + n)) == first + n &&
           moves.target(k + n) == moves.target(k) && &policy_of(first + n) == &final_policy)
      ++n;
    auto* const run = reinterpret_cast<void*>(address(first));
    const std::size_t bytes = n * x_range.page_size;
    const int e = sys::bind(run, bytes, sys::mode_preferred, to_bits(node_set{moves.target(k)}),
                            sys::page_moving::some);
    apply(run, plan{.ranges = {{0, bytes, final_policy}}, .bytes = bytes, .page_size = x_wanted.page_size},
          x_machine);
    if (e == EPERM || e == EACCES || e == ENOSYS) {
      throw error(errc::binding_denied,
                  "migrate: the kernel refuses to move pages, by move_pages(2) and by mbind(2). In a "
                  "container, allow "
                  "them in the seccomp profile (docker run --security-opt seccomp=FILE), or mbind alone "
                  "(docker run --cap-add SYS_NICE)");
    }
    k += n;
  }
}

migration page_mover::report() const {
  migration result;
  failure_teller failures;
  for (std::size_t begin = 0; begin < x_range.pages();) {
    const std::size_t end = block_end(begin);
    std::optional<bool> together;
    for (std::size_t i = begin; i < end; ++i) {
      if (x_now[i] == node_not_told) {
        ++result.unknown;
      } else if (x_now[i] < 0) {
        ++result.untouched;
        continue;
      } else if (!is_wrong(i)) {
        ++(x_was_wrong[i] ? result.moved : result.in_place);
        continue;
      } else {
        if (!together) together = end - begin > 1 && lie_together(begin, end);
        switch (failures.why(x_status[i], wanted_node(i))) {
          case move_failure::shared:
            ++result.shared;
            break;
          case move_failure::no_room:
            ++result.no_room;
            break;
          case move_failure::busy:
            // The kernel says "moved" of a page that another page of its huge page took along.
            ++(*together && x_status[i] >= 0 ? result.undivided : result.busy);
            break;
        }
      }
      if (!result.first_failed) result.first_failed = i * x_range.page_size;
    }
    begin = end;
  }
  return result;
}

migration move_to_plan(void* p, const plan& wanted, const topology& machine) {
  return page_mover(require_mapped(p, wanted.bytes, "migrate"), wanted, machine).run();
}

}  // namespace acre::inline v1
