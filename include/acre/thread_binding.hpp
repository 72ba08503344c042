/// \file
/// A scope in which the calling thread's memory policy is a placement.
#pragma once

#include <acre/apply.hpp>
#include <acre/export.hpp>
#include <acre/node_set.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <type_traits>
#include <vector>

namespace acre::inline v1 {

/// Sets the calling thread's memory policy, and at its end sets exactly the one that was there before: mode,
/// nodes and flags, as get_mempolicy(2) told them. Scopes nest.
///
/// The policy decides for all pages that the thread touches first and whose mapping has no policy of its own:
/// memory of malloc, stacks, unbound() areas. Pages that are there stay where they are. Threads and processes
/// that the thread starts meanwhile inherit it and keep it, also over execve(2): that is how a program runs
/// under a placement.
///
/// Neither copied nor moved: a scope belongs to the thread that made it, and ends in reverse order of making.
/// Destroyed on another thread than it was made on, it changes no policy at all: the destroying thread's was
/// never its business, and the maker's cannot be changed from outside. The maker then keeps the scope's
/// policy. restore() says so by its code, stray_count() counts it.
/// \safety each object for the thread that made it. A child of fork() is a copy of that thread and may end
///   its scopes.
class ACRE_API thread_binding {
 public:
  /// Sets the policy of the calling thread.
  /// \param where unbound (the system's default: the node of the touching CPU), local, bind, prefer,
  ///   interleave by page, weighted_by_system; and others that are one of these: interleave of one node.
  ///   prefer of one node spills to what is nearest to that node, as MPOL_PREFERRED does: threads have no
  ///   home node, and need none for it.
  /// \throws error errc::unsupported_placement with the reason for a placement that the kernel has no policy
  ///   of threads for; errc::foreign_topology; errc::binding_denied; errc::binding_unsupported; what
  ///   require_usable() throws. The thread's policy is then what it was.
  /// \param machine this one
  [[nodiscard]] explicit thread_binding(const placement& where, const topology& machine = topology::system());

  thread_binding(const thread_binding&) = delete;
  thread_binding& operator=(const thread_binding&) = delete;

  /// restore(), whatever its result.
  ~thread_binding();

  /// Ends the scope now. Does nothing the second time.
  /// \returns why it failed; an empty code if it did not
  /// \errors errc::wrong_thread on another thread than the constructor's: nothing is changed.
  ///   errc::node_not_allowed where the cpuset has meanwhile taken away all nodes of the former policy: the
  ///   thread then has the system's default policy.
  std::error_code restore() noexcept;

  /// True until restore().
  [[nodiscard]] bool active() const noexcept { return x_thread != 0; }
  /// What the kernel read back after it was set.
  [[nodiscard]] const acre::policy& policy() const noexcept { return x_policy; }
  /// What is less than was asked, none in most cases: one_preferred_node, policy_differs, nodes_not_allowed.
  [[nodiscard]] const std::vector<downgrade>& downgrades() const noexcept { return x_downgrades; }

  /// How many scopes of this process were destroyed on a wrong thread: 0 in a program without mistakes.
  [[nodiscard]] static std::size_t stray_count() noexcept;

 private:
  thread_binding() noexcept = default;
  void bind(const placement& where, const topology& machine);

  std::uint64_t x_thread = 0;  // the maker; 0: nothing to restore
  int x_mode_before = 0;
  node_set x_nodes_before;
  acre::policy x_policy;
  std::vector<downgrade> x_downgrades;
};

static_assert(!std::is_copy_constructible_v<thread_binding> && !std::is_move_constructible_v<thread_binding>);

/// The policy of the calling thread, as get_mempolicy(2) tells it, without flags of its mode (with
/// MPOL_F_RELATIVE_NODES, nodes are positions among the allowed ones).
/// \throws error errc::binding_denied, errc::binding_unsupported where the kernel does not tell
/// \safety any thread
ACRE_API policy current_binding();
/// The same, with the error in `ec`: unbound then.
ACRE_API policy current_binding(std::error_code& ec) noexcept;

}  // namespace acre::inline v1
