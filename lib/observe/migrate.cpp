#include <acre/migrate.hpp>

#include <acre/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <ostream>
#include <utility>

#include "base/counted.hpp"
#include "observe/move_to_plan.hpp"
#include "observe/page_range.hpp"
#include "observe/page_walk.hpp"
#include "observe/pending_moves.hpp"
#include "placement/range_budget.hpp"
#include "sys/files.hpp"
#include "sys/pages.hpp"
#include "topology/node_files.hpp"

namespace acre {
namespace {

/// Tells the unit that moves as one at an address: a base page, or 2 MiB where pages are huge.
class units {
 public:
  explicit units(const page_range& range) : x_page(range.page_size) {
    std::array<sys::huge_run, 64> found{};
    for (std::uintptr_t at = range.begin; at < range.end;) {
      const long n = sys::scan_huge(at, range.end, found, at);
      if (n < 0) {
        by_smaps(range);
        return;
      }
      x_runs.insert(x_runs.end(), found.begin(), found.begin() + n);
    }
  }

  /// Addresses must not decrease from call to call.
  std::size_t at(std::uintptr_t address) {
    while (x_next < x_runs.size() && x_runs[x_next].end <= address) ++x_next;
    return x_next < x_runs.size() && x_runs[x_next].begin <= address ? huge_page : x_page;
  }

 private:
  /// Linux < 6.7 tells no more than that a mapping has huge pages.
  void by_smaps(const page_range& range) {
    x_runs.clear();
    for (const sys::smaps_entry& e : sys::smaps(range.begin, range.end)) {
      if (e.transparent_huge != 0 || e.page_size > x_page) x_runs.push_back({e.begin, e.end});
    }
  }

  std::size_t x_page;
  std::vector<sys::huge_run> x_runs;
  std::size_t x_next = 0;
};

/// The node for a page under a policy of the kernel, as the kernel would choose it at first touch from where
/// the page lies now; nothing if it may stay.
class chooser {
 public:
  explicit chooser(const topology& machine) : x_machine(machine) {}

  std::optional<node_id> target(const policy& p, std::uintptr_t at, std::size_t unit, node_id now) const {
    // Of a soft policy whose nodes the cpuset allows no more what is left was installed.
    const node_set nodes = x_allowed ? p.nodes & *x_allowed : p.nodes;
    if (nodes.empty()) return std::nullopt;
    if (p.mode == policy_mode::interleave) {
      const node_id wanted = nth(nodes, at / unit % nodes.size());
      return wanted == now ? std::nullopt : std::optional(wanted);
    }
    if (nodes.contains(now)) return std::nullopt;
    if (p.mode == policy_mode::weighted_interleave) return nth(nodes, at / unit % nodes.size());
    return nodes.size() == 1 ? nodes.first() : x_machine.nearest_first(now, nodes).front();
  }

 private:
  static node_id nth(const node_set& nodes, std::size_t index) {
    auto n = nodes.begin();
    for (; index != 0; --index) ++n;
    return *n;
  }

  const topology& x_machine;
  const std::optional<node_set> x_allowed = allowed_now();
};

}  // namespace

migration move_to_plan(void* p, const plan& wanted, const topology& machine) {
  const page_range range = require_mapped(p, wanted.bytes, "migrate");
  migration result;
  units unit(range);
  const chooser choose(machine);
  pending_moves moves;
  auto r = wanted.ranges.begin();
  walk_pages(range.begin, range.end, range.page_size, [&](std::size_t index, int node) {
    const std::uintptr_t at = range.begin + index * range.page_size;
    while (at - range.begin >= r->offset + r->length) ++r;
    if (node < 0) {
      ++result.untouched;
    } else if (const auto to = choose.target(r->policy, at, unit.at(at), static_cast<node_id>(node))) {
      moves.add(at, *to);
    } else {
      ++result.in_place;
    }
  });
  moves.run();
  moves.each_outcome([&](std::uintptr_t at, move_outcome outcome) {
    switch (outcome) {
      case move_outcome::moved:
        ++result.moved;
        return;
      case move_outcome::shared:
        ++result.shared;
        break;
      case move_outcome::no_room:
        ++result.no_room;
        break;
      case move_outcome::busy:
        ++result.busy;
        break;
    }
    if (!result.first_failed) result.first_failed = at - range.begin;
  });
  return result;
}

migration migrate(void* p, std::size_t bytes, const placement& where, const topology& machine) {
  const page_range range = require_mapped(p, bytes, "migrate");
  const plan wanted = plan_within_budget(where, range.bytes(), range.page_size, machine);
  std::vector<downgrade> downgrades = apply(wanted, p, machine);
  migration result = move_to_plan(p, wanted, machine);
  result.downgrades = std::move(downgrades);
  return result;
}

std::string migration::to_string() const {
  std::string text = counted(moved, "page") + " moved, " + std::to_string(in_place) + " in place";
  const auto add = [&](std::size_t n, const char* what) {
    if (n != 0) text += ", " + std::to_string(n) + what;
  };
  add(untouched, " untouched");
  add(shared, " not moved: shared with other processes");
  add(busy, " not moved: busy");
  add(no_room, " not moved: no room on the node");
  return text;
}

std::ostream& operator<<(std::ostream& out, const migration& m) { return out << m.to_string(); }

}  // namespace acre
