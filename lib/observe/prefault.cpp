#include <acre/prefault.hpp>

#include <acre/apply.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/code_of.hpp"
#include "base/counted.hpp"
#include "observe/page_range.hpp"
#include "observe/page_walk.hpp"
#include "observe/pending_moves.hpp"
#include "observe/policy_look.hpp"
#include "observe/populate.hpp"
#include "observe/room.hpp"
#include "placement/kernel_policy.hpp"
#include "sys/files.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre::inline v1 {
namespace {

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

bool binds(const plan& p) {
  return std::any_of(p.ranges.begin(), p.ranges.end(),
                     [](const plan_range& r) { return r.policy.mode != policy_mode::unbound; });
}

/// False also where the kernel does not tell: then nobody bound it.
bool is_bound(const void* p) {
  sys::raw_policy raw;
  return sys::policy_at(p, raw) == 0 && raw.mode != sys::mode_default;
}

/// Pages of hard ranges that lie elsewhere.
struct strays {
  pending_moves moves;
  bool all_told = true;  ///< the kernel told where each page lies
  bool all_there = true;
};

bool is_refusal(const std::error_code& ec) noexcept {
  return ec == std::error_code(EPERM, std::system_category()) ||
         ec == std::error_code(EACCES, std::system_category()) ||
         ec == std::error_code(ENOSYS, std::system_category());
}

strays find_strays(const plan& p, std::byte* base, const topology& machine) {
  strays found;
  const auto start = reinterpret_cast<std::uintptr_t>(base);
  page_looker looker({start, start + p.bytes, sys::page_size()});
  for (const plan_range& r : p.ranges) {
    if (!is_hard(r.policy)) continue;
    const std::uintptr_t begin = start + r.offset;
    walk_pages(looker, begin, begin + r.length, sys::page_size(), [&](std::size_t index, int node) {
      if (node == node_not_told) {
        found.all_told = false;
      } else if (node < 0) {
        found.all_there = false;
      }
      if (node < 0 || r.policy.nodes.contains(static_cast<node_id>(node))) return;
      found.moves.add(begin + index * sys::page_size(),
                      nearest_of(machine, static_cast<node_id>(node), r.policy.nodes));
    });
  }
  return found;
}

[[noreturn]] void fail_strays(const strays& left, const pending_moves& tried, const plan& p) {
  const std::string of =
      std::to_string(left.moves.size()) + " of " + counted(p.bytes / sys::page_size(), "page");
  failure_teller failures;
  node_set full;
  for (std::size_t i = 0, k = 0; i < left.moves.size(); ++i) {
    while (k < tried.size() && tried.page(k) < left.moves.page(i)) ++k;
    const int status = k < tried.size() && tried.page(k) == left.moves.page(i) ? tried.status(k) : no_status;
    if (failures.why(status, left.moves.target(i)) == move_failure::no_room)
      full.insert(left.moves.target(i));
  }
  if (!full.empty())
    throw error(errc::node_full, "prefault: node " + full.to_string() + " has no room for " + of);
  throw error(std::error_code(EBUSY, std::system_category()),
              "prefault: others hold " + of + " that lie elsewhere");
}

/// Installs the hard policies and lets mbind(2) move what lies elsewhere, which fails if a page is left.
void bring_home_unseen(const plan& p, std::byte* base) {
  for (const plan_range& r : p.ranges) {
    if (!is_hard(r.policy)) continue;
    const int e =
        sys::bind(base + r.offset, r.length, sys::mode_bind, to_bits(r.policy.nodes), sys::page_moving::all);
    if (e == EIO) {
      throw error(errc::node_full, "prefault: node " + r.policy.nodes.to_string() +
                                       " has no room for some of " +
                                       std::to_string(p.bytes / sys::page_size()) + " pages");
    }
    if (e != 0) {
      throw error(std::error_code(e, std::system_category()),
                  "prefault: pages may lie elsewhere, and mbind(2) does not move them");
    }
  }
}

/// Moves pages of hard ranges that spilled. Migration reclaims memory on the node and never calls the OOM killer.
/// \returns whether all pages are there. Linux 6.12 divides huge pages for which there is no room, and gives those of zeros
///   back then
/// \throws error errc::node_full; EBUSY of the system for pages that others hold
bool bring_home(const plan& p, std::byte* base, const topology& machine) {
  try {
    strays found = find_strays(p, base, machine);
    if (found.all_told && found.moves.empty()) return found.all_there;
    if (!found.all_told || found.moves.run() != 0) bring_home_unseen(p, base);
    const strays left = find_strays(p, base, machine);
    if (!left.moves.empty()) fail_strays(left, found.moves, p);
    return left.all_there;
  } catch (const error& e) {
    // Nothing tells where pages lie; the memory need not fail for that.
    if (!is_refusal(e.code())) throw;
    bring_home_unseen(p, base);
    return true;
  }
}

/// Installs the hard policies if every page lies where they want it, which mbind(2) finds out by itself, much faster than
/// move_pages(2) tells it: false, if one does not.
bool binds_in_place(const plan& p, std::byte* base) noexcept {
  return std::all_of(p.ranges.begin(), p.ranges.end(), [&](const plan_range& r) {
    return !is_hard(r.policy) || sys::bind(base + r.offset, r.length, sys::mode_bind, to_bits(r.policy.nodes),
                                           sys::page_moving::refused) == 0;
  });
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

[[noreturn]] void fail_populate(int error, std::size_t bytes, bool pooled) {
  const std::string what = "prefault of " + counted(bytes, "byte");
  if (error == EFAULT && pooled) {
    throw acre::error(errc::no_huge_pages, what + ": no huge page left where the policy allows one");
  }
  if (error == EINVAL) throw acre::error(errc::invalid_argument, what + ": the range is not writable");
  if (error == ENOMEM) {
    throw acre::error(errc::out_of_memory, what + ": no memory, or part of the range was unmapped meanwhile");
  }
  // EFAULT: nothing behind a file mapping, or its file system is full. EHWPOISON: a memory error.
  throw acre::error(std::error_code(error, std::system_category()), what);
}

/// Sets the soft policies of a plan's hard ranges, and the hard ones again whatever happens in between.
class while_soft {
 public:
  while_soft(const plan& p, std::byte* base, const topology& machine)
      : x_plan(p), x_base(base), x_machine(machine) {
    try {
      apply(base, softened(p), machine);
    } catch (...) {
      harden();
      throw;
    }
  }
  ~while_soft() {
    if (!x_done) harden();
  }
  /// \throws what apply() throws
  void end() {
    x_done = true;
    apply(x_base, x_plan, x_machine);
  }
  /// They are there already.
  void forget() noexcept { x_done = true; }
  while_soft(const while_soft&) = delete;
  while_soft& operator=(const while_soft&) = delete;

 private:
  /// Policies that could be set once can be set again, but for lack of memory: then check() tells.
  void harden() noexcept {
    code_of([&] { apply(x_base, x_plan, x_machine); });
  }

  const plan& x_plan;
  std::byte* x_base;
  const topology& x_machine;
  bool x_done = false;
};

/// True for hugetlb pages. They need no care: a node whose pool is empty is an EFAULT and nobody is killed.
bool is_pooled(const plan& p, const std::byte* base) {
  if (p.bytes < huge_page && !has_hard(p)) return false;
  // Without /proc nobody knows; then the care that base pages need does hugetlb pages no harm.
  return sys::page_size_at(reinterpret_cast<std::uintptr_t>(base)).value_or(0) > sys::page_size();
}

void populate_safely(const plan& p, std::byte* base, bool pooled, const topology& machine) {
  if (!pooled) require_room(p, base, machine);
  if (pooled || !has_hard(p)) {
    if (const int e = populate_parallel(p, base, machine)) fail_populate(e, p.bytes, pooled);
    return;
  }
  while_soft soft(p, base, machine);
  constexpr int most_attempts = 4;  // in the second one pages are small
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    if (attempt != 0) apply(base, softened(p), machine);
    if (const int e = populate_parallel(p, base, machine)) fail_populate(e, p.bytes, pooled);
    // Pages that were just made are there: only those that were moved may be gone.
    if (attempt == 0 && binds_in_place(p, base)) return soft.forget();
    if (bring_home(p, base, machine)) return soft.end();
  }
  throw error(errc::node_full, "prefault of " + counted(p.bytes, "byte") +
                                   ": pages that were made are gone before they are where they belong");
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
