// Applying a plan: the only step of a placement that makes system calls.
#include <acre/apply.hpp>

#include <acre/error.hpp>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/code_of.hpp"
#include "placement/kernel_policy.hpp"
#include "placement/policy_call.hpp"
#include "placement/range_budget.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre {
namespace {

[[noreturn]] void fail(int error, const policy& what, const void* p, std::size_t bytes) {
  const std::string doing =
      "cannot set the policy '" + what.to_string() + "' on " + std::to_string(bytes) + " bytes";
  switch (error) {
    case EPERM:
    case EACCES:
      throw acre::error(errc::binding_denied,
                        doing + ": the kernel refuses mbind(2), as seccomp filters of containers do");
    case ENOSYS:
      throw acre::error(errc::binding_unsupported, doing + ": this kernel or hwloc cannot bind memory");
    case ENOMEM:
      throw acre::error(errc::too_many_ranges,
                        doing + ": out of kernel mappings; vm.max_map_count is the limit");
    case EFAULT:
      throw acre::error(errc::not_mapped, doing + ": part of the range is not mapped");
    case EINVAL:
      if (!sys::is_mapped(p, bytes))
        throw acre::error(errc::not_mapped, doing + ": part of the range is not mapped");
      throw acre::error(
          errc::unsupported_placement,
          doing +
              (what.mode == policy_mode::weighted_interleave
                   ? ": this kernel has no MPOL_WEIGHTED_INTERLEAVE (Linux 6.9); weighted() works everywhere"
                   : ": the kernel does not accept it here (hugetlb memory takes whole huge pages only)"));
    default:
      throw acre::error(std::error_code(error, std::system_category()), doing);
  }
}

class applier {
 public:
  explicit applier(const topology& machine) : x_machine(machine) {}

  void install(const policy& what, void* p, std::size_t bytes) {
    const policy_call& call = call_for(what);
    if (const int e = call.set(p, bytes)) fail(e, what, p, bytes);
    if (what.mode == policy_mode::prefer) finish_prefer(call, p, bytes);
  }

  std::vector<downgrade> take_downgrades() { return std::move(x_downgrades); }

 private:
  /// Plans repeat few policies many times.
  const policy_call& call_for(const policy& what) {
    for (const policy_call& c : x_calls) {
      if (c.policy() == what) return c;
    }
    return x_calls.emplace_back(what, x_machine);
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

  static bool has_preferred_many(void* p) {
    sys::raw_policy found;
    return sys::policy_at(p, found) == 0 && found.mode == sys::mode_preferred_many;
  }

  void note(downgrade_reason reason, std::string text) {
    for (const downgrade& d : x_downgrades) {
      if (d.reason == reason) return;
    }
    x_downgrades.push_back({reason, std::move(text)});
  }

  const topology& x_machine;
  std::vector<policy_call> x_calls;
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
  }
  return "unknown";
}

std::vector<downgrade> apply(const plan& ranges, void* p, const topology& machine) {
  require_bindable(machine, p);
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

std::vector<downgrade> apply(const placement& where, void* p, std::size_t bytes, const topology& machine) {
  require_bindable(machine, p);
  return apply(plan_within_budget(where, bytes, sys::page_size(), machine), p, machine);
}

void apply(const placement& where, void* p, std::size_t bytes, std::error_code& ec) noexcept {
  ec = code_of([&] { apply(where, p, bytes); });
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

}  // namespace acre
