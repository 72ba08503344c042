#include <acre/prefault.hpp>

#include <acre/apply.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/code_of.hpp"
#include "observe/page_range.hpp"
#include "observe/page_walk.hpp"
#include "observe/pending_moves.hpp"
#include "observe/populate.hpp"
#include "observe/room.hpp"
#include "placement/kernel_policy.hpp"
#include "sys/files.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre {
namespace {

constexpr std::size_t smallest_huge_page = std::size_t{2} << 20;

bool is_hard(const policy& p) noexcept { return p.mode == policy_mode::bind; }

/// The same plan with every bind as prefer.
plan softened(plan p) {
  for (plan_range& r : p.ranges) {
    if (is_hard(r.policy)) r.policy.mode = policy_mode::prefer;
  }
  return p;
}

bool has_hard(const plan& p) {
  return std::any_of(p.ranges.begin(), p.ranges.end(), [](const plan_range& r) { return is_hard(r.policy); });
}

/// Moves pages of hard ranges that spilled. Migration reclaims memory on the node and never calls the OOM
/// killer. \returns pages that are still elsewhere
std::size_t bring_home(const plan& p, std::byte* base, const topology& machine) {
  pending_moves moves;
  for (const plan_range& r : p.ranges) {
    if (!is_hard(r.policy)) continue;
    const auto begin = reinterpret_cast<std::uintptr_t>(base + r.offset);
    walk_pages(begin, begin + r.length, sys::page_size(), [&](std::size_t index, int node) {
      if (node < 0 || r.policy.nodes.contains(static_cast<node_id>(node))) return;
      const node_id to = machine.nearest_first(static_cast<node_id>(node), r.policy.nodes).front();
      moves.add(begin + index * sys::page_size(), to);
    });
  }
  if (moves.empty()) return 0;
  moves.run();
  return moves.failed();
}

/// The ranges that the installed policies make.
plan installed_plan(const page_range& range) {
  plan p;
  p.bytes = range.bytes();
  p.page_size = range.page_size;
  for (const sys::map_line& m : sys::maps(range.begin, range.end)) {
    const std::uintptr_t begin = std::max(m.begin, range.begin);
    const std::uintptr_t end = std::min(m.end, range.end);
    // A shared object keeps policies by offset, which other mappings of it do not show as mappings of their
    // own.
    const std::size_t step = m.shared ? range.page_size : end - begin;
    for (std::uintptr_t at = begin; at < end; at += step) {
      sys::raw_policy raw;
      if (sys::policy_at(reinterpret_cast<void*>(at), raw) != 0) raw = {};
      const policy found = from_kernel(raw);
      if (!p.ranges.empty() && p.ranges.back().policy == found) {
        p.ranges.back().length += step;
      } else {
        p.ranges.push_back({at - range.begin, step, found});
      }
    }
  }
  return p;
}

[[noreturn]] void fail_populate(int error, std::size_t bytes) {
  const std::string what = "prefault of " + std::to_string(bytes) + " bytes";
  switch (error) {
    case EFAULT:
      throw acre::error(errc::no_huge_pages, what + ": no huge page left where the policy allows one");
    case ENOMEM:
      throw acre::error(errc::out_of_memory,
                        what + ": no memory, or part of the range was unmapped meanwhile");
    case EHWPOISON:
      throw acre::error(std::error_code(error, std::system_category()),
                        what + ": a page is poisoned by a memory error");
    default:
      throw acre::error(std::error_code(error, std::system_category()), what);
  }
}

/// Populates under soft policies, brings spilled pages of hard ranges home, installs the hard policies.
/// Hugetlb pages need no such care: a node whose pool is empty is an EFAULT and nobody is killed.
void populate_safely(const plan& p, std::byte* base, std::size_t present, const topology& machine) {
  const bool pooled = p.bytes >= smallest_huge_page && is_hugetlb(base);
  const bool careful = !pooled && has_hard(p);
  if (!pooled) require_room(p, present, machine);
  if (careful) apply(softened(p), base, machine);
  const int error = populate_parallel(p, base, machine);
  std::size_t elsewhere = 0;
  if (careful) {
    if (error == 0) elsewhere = bring_home(p, base, machine);
    apply(p, base, machine);
  }
  if (error != 0) fail_populate(error, p.bytes);
  if (elsewhere != 0) {
    throw acre::error(errc::node_full, "prefault: the nodes have no room for " + std::to_string(elsewhere) +
                                           " of " + std::to_string(p.bytes / sys::page_size()) + " pages");
  }
}

}  // namespace

void prefault(const plan& ranges, void* p, const topology& machine) {
  if (ranges.ranges.empty()) throw error(errc::invalid_size, "prefault: the plan is empty");
  require_mapped(p, ranges.bytes, "prefault");
  apply(ranges, p, machine);
  populate_safely(ranges, static_cast<std::byte*>(p), 0, machine);
}

void prefault(void* p, std::size_t bytes, const topology& machine) {
  const page_range range = require_mapped(p, bytes, "prefault");
  const residency before = locate(p, bytes);
  if (before.untouched == 0) return;
  populate_safely(installed_plan(range), static_cast<std::byte*>(range.data()),
                  before.resident() * before.page_size, machine);
}

void prefault(void* p, std::size_t bytes, std::error_code& ec) noexcept {
  ec = code_of([&] { prefault(p, bytes); });
}

}  // namespace acre
