#include <acre/prefault.hpp>

#include <acre/apply.hpp>
#include <acre/error.hpp>

#include <algorithm>

#include "base/code_of.hpp"
#include "observe/oom_safe_populate.hpp"
#include "observe/page_range.hpp"
#include "observe/policy_look.hpp"
#include "observe/populate.hpp"
#include "observe/room.hpp"
#include "sys/mappings.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre::inline v1 {
namespace {

bool binds(const plan& p) {
  return std::any_of(p.ranges.begin(), p.ranges.end(),
                     [](const plan_range& r) { return r.policy.mode != policy_mode::unbound; });
}

/// False also where the kernel does not tell: then nobody bound it.
bool is_bound(const void* p) {
  sys::raw_policy raw;
  return sys::policy_at(p, raw) == 0 && raw.mode != sys::mode_default;
}

/// Where nothing tells the policies, memory counts as unbound.
policy policy_or_none(policy_looker& policies, std::uintptr_t at) {
  try {
    return policies.at(at).value_or(policy{});
  } catch (const error&) {
    return {};
  }
}

/// The ranges that the installed policies make.
plan installed_plan(const page_range& range) {
  plan p;
  p.bytes = range.bytes();
  p.page_size = range.page_size;
  policy_looker policies;
  for (const sys::map_line& m : mappings_of(range)) {
    // A shared object keeps policies by offset, which other mappings of it do not show as mappings of their
    // own.
    const std::size_t step = m.shared ? range.page_size : m.end - m.begin;
    for (std::uintptr_t at = m.begin; at < m.end; at += step) {
      const policy found = policy_or_none(policies, at);
      if (!p.ranges.empty() && p.ranges.back().policy == found) {
        p.ranges.back().length += step;
      } else {
        p.ranges.push_back({at - range.begin, step, found});
      }
    }
  }
  return p;
}

/// True for hugetlb pages. They need no care: a node whose pool is empty is an EFAULT and nobody is killed.
bool is_pooled(const plan& p, const std::byte* base) {
  if (p.bytes < huge_page && !has_hard(p)) return false;
  // Without /proc nobody knows; then the care that base pages need does hugetlb pages no harm.
  return sys::page_size_at(reinterpret_cast<std::uintptr_t>(base)).value_or(0) > sys::page_size();
}

void populate_safely(const plan& p, std::byte* base, bool pooled, const topology& machine) {
  if (!pooled) require_room(p, base, machine);
  if (pooled || !has_hard(p)) {
    populate_or_throw(p, base, pooled, machine);
  } else {
    populate_without_oom(p, base, machine);
  }
}

}  // namespace

void prefault(void* p, const plan& ranges, const topology& machine) {
  if (ranges.ranges.empty()) throw error(errc::invalid_size, "prefault: the plan is empty");
  require_mapped(p, ranges.bytes, "prefault");
  auto* const base = static_cast<std::byte*>(p);
  const bool pooled = is_pooled(ranges, base);
  // Fresh memory is unbound, and the kernel may refuse all words about policies.
  if ((binds(ranges) || is_bound(base)) && (pooled || !has_hard(ranges))) apply(p, ranges, machine);
  populate_safely(ranges, base, pooled, machine);
}

void prefault(void* p, std::size_t bytes, const topology& machine) {
  const page_range range = require_mapped(p, bytes, "prefault");
  const plan installed = installed_plan(range);
  auto* const base = static_cast<std::byte*>(range.data());
  populate_safely(installed, base, is_pooled(installed, base), machine);
}

void prefault(void* p, std::size_t bytes, std::error_code& ec) noexcept {
  ec = code_of([&] { prefault(p, bytes); });
}
void prefault(void* p, std::size_t bytes, const topology& machine, std::error_code& ec) noexcept {
  ec = code_of([&] { prefault(p, bytes, machine); });
}
void prefault(void* p, const plan& ranges, std::error_code& ec) noexcept {
  ec = code_of([&] { prefault(p, ranges); });
}
void prefault(void* p, const plan& ranges, const topology& machine, std::error_code& ec) noexcept {
  ec = code_of([&] { prefault(p, ranges, machine); });
}

}  // namespace acre::inline v1
