#include <acre/thread_binding.hpp>

#include <acre/error.hpp>

#include <atomic>
#include <string>

#include "base/code_of.hpp"
#include "placement/kernel_policy.hpp"
#include "placement/policy_call.hpp"
#include "placement/refusal.hpp"
#include "placement/strategies.hpp"
#include "sys/policy.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {
namespace {

std::atomic<std::size_t> strays{0};

/// A number that no other thread of the process has or had. Not the kernel's number: that is used again after
/// the thread's end, and it changes in the child of fork(), which is the same thread as far as scopes go.
std::uint64_t this_thread() noexcept {
  static std::atomic<std::uint64_t> last{0};
  thread_local const std::uint64_t number = ++last;
  return number;
}

policy policy_for_threads(const placement& where, const topology& machine) {
  if (!machine.is_this_system()) {
    throw error(errc::foreign_topology,
                "thread_binding: the topology does not describe this machine: nothing can be bound on it");
  }
  if (const auto only = only_policy(where, machine)) return *only;
  throw error(errc::unsupported_placement, "'" + where.to_string() + "' cannot be the policy of a thread: " +
                                               std::string(detail::row_of(where.strategy()).not_for_threads));
}

sys::raw_policy read_policy() {
  sys::raw_policy raw;
  if (const int e = sys::thread_policy(raw))
    throw_not_bound(e, "cannot read the policy of the thread", "get_mempolicy(2)");
  return raw;
}

void note_differences(const policy& wanted, const sys::raw_policy& found, std::vector<downgrade>& notes) {
  const policy got = from_kernel(found);
  if (got == wanted) return;
  if (is_installed(found, wanted)) {
    notes.push_back({downgrade_reason::one_preferred_node,
                     "'" + wanted.to_string() + "' prefers node " + std::to_string(wanted.nodes.first()) +
                         " only: this kernel has no MPOL_PREFERRED_MANY (Linux 5.15)"});
    return;
  }
  notes.push_back({downgrade_reason::policy_differs, "the kernel made '" + got.to_string() +
                                                         "' the policy of the thread instead of '" +
                                                         wanted.to_string() + "'"});
}

}  // namespace

// Delegates so that the destructor restores if bind() throws after the policy was set.
thread_binding::thread_binding(const placement& where, const topology& machine) : thread_binding() {
  bind(where, machine);
}

thread_binding::~thread_binding() {
  if (restore() == errc::wrong_thread) strays.fetch_add(1, std::memory_order_relaxed);
}

void thread_binding::bind(const placement& where, const topology& machine) {
  const acre::policy wanted = policy_for_threads(where, machine);
  const auto allowed = allowed_now();
  const auto left = what_is_left(wanted, allowed);
  if (left)
    x_downgrades.push_back({downgrade_reason::nodes_not_allowed, say_what_is_left(wanted, *left, *allowed)});
  const acre::policy possible = left ? *left : wanted;
  const policy_call call(possible, machine);
  const sys::raw_policy before = read_policy();
  x_mode_before = before.mode;
  x_nodes_before = to_nodes(before.nodes);
  if (const int e = call.set_thread())
    throw_refusal(e, possible, "cannot make '" + possible.to_string() + "' the policy of the thread", nullptr,
                  0);
  x_thread = this_thread();
  const sys::raw_policy found = read_policy();
  x_policy = from_kernel(found);
  note_differences(possible, found, x_downgrades);
}

std::error_code thread_binding::restore() noexcept {
  if (x_thread == 0) return {};
  if (x_thread != this_thread()) return errc::wrong_thread;
  x_thread = 0;
  const int e = sys::set_thread_policy({x_mode_before, to_bits(x_nodes_before)});
  if (e == 0) return {};
  sys::set_thread_policy({});
  if (e == EINVAL) return errc::node_not_allowed;
  return {e, std::system_category()};
}

std::size_t thread_binding::stray_count() noexcept { return strays.load(std::memory_order_relaxed); }

policy current_binding() { return from_kernel(read_policy()); }

policy current_binding(std::error_code& ec) noexcept {
  return value_or_code(ec, [] { return current_binding(); });
}

}  // namespace acre::inline v1
