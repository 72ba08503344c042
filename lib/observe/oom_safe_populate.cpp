#include "observe/oom_safe_populate.hpp"

#include <acre/apply.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

#include "base/code_of.hpp"
#include "base/counted.hpp"
#include "observe/page_walk.hpp"
#include "observe/pending_moves.hpp"
#include "observe/populate.hpp"
#include "placement/kernel_policy.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre::inline v1 {
namespace {

bool is_hard(const policy& p) noexcept { return p.mode == policy_mode::bind; }

}  // namespace

plan softened(plan p) {
  for (plan_range& r : p.ranges) {
    if (is_hard(r.policy)) r.policy.mode = policy_mode::prefer;
  }
  return p;
}

bool has_hard(const plan& p) {
  return std::any_of(p.ranges.begin(), p.ranges.end(), [](const plan_range& r) { return is_hard(r.policy); });
}

namespace {

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
/// \returns whether all pages are there. Linux 6.12 divides huge pages for which there is no room, and gives those of
///   zeros back then
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

/// Installs the hard policies if every page lies where they want it, which mbind(2) finds out by itself, much faster
/// than move_pages(2) tells it: false, if one does not.
bool binds_in_place(const plan& p, std::byte* base) noexcept {
  return std::all_of(p.ranges.begin(), p.ranges.end(), [&](const plan_range& r) {
    return !is_hard(r.policy) || sys::bind(base + r.offset, r.length, sys::mode_bind, to_bits(r.policy.nodes),
                                           sys::page_moving::refused) == 0;
  });
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
  /// The hard policies are set already.
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

}  // namespace

void populate_without_oom(const plan& p, std::byte* base, const topology& machine) {
  while_soft soft(p, base, machine);
  constexpr int most_attempts = 4;  // in the second one pages are small
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    if (attempt != 0) apply(base, softened(p), machine);
    populate_or_throw(p, base, false, machine);
    // Pages that were just made are there: only those that were moved may be gone.
    if (attempt == 0 && binds_in_place(p, base)) return soft.forget();
    if (bring_home(p, base, machine)) return soft.end();
  }
  throw error(errc::node_full, "prefault of " + counted(p.bytes, "byte") +
                                   ": pages that were made are gone before they are where they belong");
}

}  // namespace acre::inline v1
