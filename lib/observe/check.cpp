#include <acre/check.hpp>

#include <algorithm>
#include <ostream>

#include "base/counted.hpp"
#include "observe/expectation.hpp"
#include "observe/page_range.hpp"
#include "observe/page_walk.hpp"
#include "placement/kernel_policy.hpp"
#include "sys/files.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre {
namespace {

std::size_t in_range(std::uintptr_t at, const page_range& range) { return at - range.begin; }

/// Whether policies can differ within a mapping. A shared object keeps them by offset, without splitting the mappings of
/// other processes; objects of hugetlb pages alone keep none, there the mapping that was bound has the policy.
/// \param huge whether the range has hugetlb pages; where it has none, nobody asks for the size of its pages
bool has_policies_by_offset(const sys::map_line& m, const page_range& range, bool huge) {
  if (!m.shared || !huge) return m.shared;
  return kernel_page_size(reinterpret_cast<const void*>(m.begin)) == range.page_size;
}

/// Compares the kernel's policies with the plan's: at the start of every range and of every mapping, and at every page
/// of those that have policies by offset.
std::optional<differing_policy> compare_policies(const plan& wanted, const page_range& range, bool huge) {
  const auto differs = [&](std::uintptr_t at) -> std::optional<differing_policy> {
    sys::raw_policy raw;
    if (sys::policy_at(reinterpret_cast<void*>(at), raw) != 0) raw = {};
    const policy& expected = wanted.at(in_range(at, range)).policy;
    if (is_installed(raw, expected)) return std::nullopt;
    return differing_policy{in_range(at, range), from_kernel(raw), expected};
  };
  for (const plan_range& r : wanted.ranges) {
    if (r.offset >= range.bytes()) break;
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

/// Compares the pages' places with what the plan allows.
void compare_pages(const plan& wanted, const page_range& range, check_result& result) {
  round_robin rounds(range, result.where.transparent_huge + result.where.hugetlb != 0);
  auto r = wanted.ranges.begin();
  walk_pages(range.begin, range.end, range.page_size, [&](std::size_t index, int node) {
    const std::size_t offset = index * range.page_size;
    while (r + 1 != wanted.ranges.end() && offset >= r->offset + r->length) ++r;
    if (node < 0) {
      rounds.forget();
      return;
    }
    const auto actual = static_cast<node_id>(node);
    node_set expected = r->policy.nodes;
    if (r->policy.mode == policy_mode::interleave && expected.contains(actual)) {
      expected = rounds.expect(range.begin + offset, actual, expected);
    }
    if (expected.empty() || expected.contains(actual)) return;
    ++result.misplaced;
    if (!result.page) result.page = misplaced_page{offset, actual, expected};
  });
}

/// most_free decided when the memory was mapped: what the kernel has for a chunk counts as decided, if it is
/// a policy that most_free could have made.
plan as_decided(const placement& where, const page_range& range, std::size_t page_size,
                const topology& machine) {
  plan p = make_plan(where, range.bytes(), machine, {.page_size = page_size, .max_ranges = range.pages()});
  if (where.strategy() != strategy::most_free) return p;
  const std::size_t chunk = p.chunk == 0 ? p.bytes : p.chunk;
  const policy_mode mode = where.is_hard() ? policy_mode::bind : policy_mode::prefer;
  plan decided = p;
  decided.ranges.clear();
  for (std::size_t at = 0; at < p.bytes; at += std::min(chunk, p.bytes - at)) {
    sys::raw_policy raw;
    const bool known =
        at < range.bytes() && sys::policy_at(reinterpret_cast<void*>(range.begin + at), raw) == 0;
    const policy found = known ? from_kernel(raw) : policy{};
    const bool possible =
        found.mode == mode && found.nodes.size() == 1 && where.nodes().contains(found.nodes);
    decided.ranges.push_back({at, std::min(chunk, p.bytes - at), possible ? found : p.at(at).policy});
  }
  return decided;
}

}  // namespace

check_result check(const placement& where, const void* p, std::size_t bytes, const check_options& options,
                   const topology& machine) {
  const page_range range = require_mapped(p, bytes, "check");
  const plan wanted =
      as_decided(where, range, options.page_size == 0 ? range.page_size : options.page_size, machine);
  check_result result;
  result.where = locate(p, bytes);
  result.policy = compare_policies(wanted, range, result.where.hugetlb != 0);
  compare_pages(wanted, range, result);
  return result;
}

std::string check_result::to_string() const {
  std::string text;
  if (policy) {
    text = "policy differs at byte " + std::to_string(policy->offset) + ": '" + policy->actual.to_string() +
           "' instead of '" + policy->expected.to_string() + "'";
  }
  if (page) {
    if (!text.empty()) text += "; ";
    text += counted(misplaced, "page") + (misplaced == 1 ? " lies" : " lie") +
            " elsewhere, the first at byte " + std::to_string(page->offset) + " on node " +
            std::to_string(page->actual) + " instead of " + page->expected.to_string();
  }
  if (text.empty()) text = "as placed";
  return text + ": " + where.to_string();
}

std::ostream& operator<<(std::ostream& out, const check_result& r) { return out << r.to_string(); }

}  // namespace acre
