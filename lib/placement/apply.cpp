// Applying a plan: the only step of a placement that makes system calls.
#include <acre/apply.hpp>

#include <acre/error.hpp>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/code_of.hpp"
#include "placement/kernel_policy.hpp"
#include "placement/policy_call.hpp"
#include "placement/range_budget.hpp"
#include "placement/refusal.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {
namespace {

class applier {
 public:
  explicit applier(const topology& machine) : x_machine(machine) {}

  void install(const policy& what, void* p, std::size_t bytes) {
    const policy_call& call = call_for(what);
    if (const int e = call.set(p, bytes)) fail(e, call.policy(), p, bytes);
    if (call.policy().mode == policy_mode::prefer) finish_prefer(call, p, bytes);
  }

  std::vector<downgrade> take_downgrades() { return std::move(x_downgrades); }

 private:
  struct prepared {
    policy wanted;
    policy_call call;  ///< of what the kernel allows now
  };

  /// Plans repeat few policies many times.
  const policy_call& call_for(const policy& what) {
    for (const prepared& c : x_calls) {
      if (c.wanted == what) return c.call;
    }
    if (!x_allowed && !what.nodes.empty()) x_allowed = allowed_now();
    const auto left = what_is_left(what, x_allowed);
    if (left) note(downgrade_reason::nodes_not_allowed, say_what_is_left(what, *left, *x_allowed));
    return x_calls.emplace_back(prepared{what, policy_call(left ? *left : what, x_machine)}).call;
  }

  [[noreturn]] static void fail(int error, const policy& what, const void* p, std::size_t bytes) {
    throw_refusal(error, what,
                  "cannot set the policy '" + what.to_string() + "' on " + std::to_string(bytes) + " bytes",
                  p, bytes);
  }

  void finish_prefer(const policy_call& call, void* p, std::size_t bytes) {
    const policy& what = call.policy();
    if (what.nodes.size() > 1) {
      if (!has_preferred_many(p)) {
        note(downgrade_reason::one_preferred_node,
             "'" + what.to_string() + "' prefers node " + std::to_string(what.nodes.first()) +
                 " only: this kernel has no MPOL_PREFERRED_MANY (Linux 5.15)");
      }
      return;
    }
    const int e = call.set_home(p, bytes);
    if (e == 0) return;
    if (e == ENOSYS || e == EPERM) {
      if (!has_preferred_many(p)) return;
      note(downgrade_reason::no_home_node,
           "'" + what.to_string() +
               "' spills to the nodes nearest to the touching CPU when full, not to those nearest to its own:"
               " this kernel has no set_mempolicy_home_node (Linux 5.17)");
      return;
    }
    fail(e, what, p, bytes);
  }

  /// Where the kernel refuses to tell, nothing less is known.
  static bool has_preferred_many(void* p) {
    sys::raw_policy found;
    return sys::policy_at(p, found) != 0 || found.mode == sys::mode_preferred_many;
  }

  void note(downgrade_reason reason, std::string text) {
    for (const downgrade& d : x_downgrades) {
      if (d.reason == reason) return;
    }
    x_downgrades.push_back({reason, std::move(text)});
  }

  const topology& x_machine;
  std::optional<node_set> x_allowed;  ///< now
  std::vector<prepared> x_calls;
  std::vector<downgrade> x_downgrades;
};

void require_bindable(const topology& machine, const void* p) {
  if (!machine.is_this_system()) {
    throw error(errc::foreign_topology,
                "the topology does not describe this machine: placements can be planned on it, not applied");
  }
  if (reinterpret_cast<std::uintptr_t>(p) % sys::page_size() != 0) {
    throw error(errc::invalid_alignment, "apply: the address is not the start of a page of " +
                                             std::to_string(sys::page_size()) + " bytes");
  }
}

/// A plan may be one for smaller pages than this machine has.
void require_whole_pages(const plan& p) {
  for (const plan_range& r : p.ranges) {
    if (r.offset % sys::page_size() == 0) continue;
    throw error(errc::invalid_alignment, "apply: the plan is for pages of " + std::to_string(p.page_size) +
                                             " bytes, this machine's have " +
                                             std::to_string(sys::page_size()) + " (plan_options::page_size)");
  }
}

}  // namespace

std::string_view to_string(downgrade_reason reason) noexcept {
  switch (reason) {
    case downgrade_reason::one_preferred_node:
      return "one_preferred_node";
    case downgrade_reason::no_home_node:
      return "no_home_node";
    case downgrade_reason::chunk_rounded_up:
      return "chunk_rounded_up";
    case downgrade_reason::binding_denied:
      return "binding_denied";
    case downgrade_reason::smaller_pages:
      return "smaller_pages";
    case downgrade_reason::policy_differs:
      return "policy_differs";
    case downgrade_reason::nodes_not_allowed:
      return "nodes_not_allowed";
  }
  return "unknown";
}

std::vector<downgrade> apply(void* p, const plan& ranges, const topology& machine) {
  require_bindable(machine, p);
  require_whole_pages(ranges);
  applier a(machine);
  for (const plan_range& r : ranges.ranges)
    a.install(r.policy, static_cast<std::byte*>(p) + r.offset, r.length);
  std::vector<downgrade> downgrades = a.take_downgrades();
  if (ranges.chunk_rounded) {
    downgrades.push_back({downgrade_reason::chunk_rounded_up,
                          "the chunk was rounded up to " + std::to_string(ranges.chunk) +
                              " bytes, whole pages of " + std::to_string(ranges.page_size)});
  }
  return downgrades;
}

std::vector<downgrade> apply(void* p, std::size_t bytes, const placement& where, const topology& machine) {
  require_bindable(machine, p);
  return apply(p, plan_within_budget(where, bytes, sys::page_size(), machine), machine);
}

std::vector<downgrade> apply(void* p, std::size_t bytes, const placement& where,
                             std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return apply(p, bytes, where); });
}
std::vector<downgrade> apply(void* p, std::size_t bytes, const placement& where, const topology& machine,
                             std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return apply(p, bytes, where, machine); });
}
std::vector<downgrade> apply(void* p, const plan& ranges, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return apply(p, ranges); });
}
std::vector<downgrade> apply(void* p, const plan& ranges, const topology& machine,
                             std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return apply(p, ranges, machine); });
}

policy installed_policy(const void* p) {
  sys::raw_policy raw;
  switch (const int e = sys::policy_at(p, raw)) {
    case 0:
      return from_kernel(raw);
    case EFAULT:
      throw error(errc::not_mapped, "installed_policy: the address is not mapped");
    case ENOSYS:
    case EPERM:
      throw error(errc::binding_unsupported, "installed_policy: the kernel refuses get_mempolicy(2)");
    default:
      throw error(std::error_code(e, std::system_category()), "installed_policy: get_mempolicy(2)");
  }
}

policy installed_policy(const void* p, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return installed_policy(p); });
}

}  // namespace acre::inline v1
