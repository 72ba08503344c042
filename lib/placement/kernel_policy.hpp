// kernel_policy: all that a memory policy of the kernel's is. To add one: its mode in acre/plan.hpp, a row in
// kernel_policy.cpp, hwloc's word for it in policy_call.cpp, tests. The compiler names what is missing.
#pragma once

#include <acre/plan.hpp>

#include <span>
#include <string_view>

#include "sys/policy.hpp"

namespace acre::inline v1 {

struct kernel_policy {
  policy_mode mode;
  std::string_view name;          ///< acre's
  int number;                     ///< the kernel's, an MPOL_*; of prefer that of a single node
  std::string_view kernels_name;  ///< in /proc/PID/numa_maps
  bool has_nodes = true;
  /// Whether pages lie elsewhere when they are made as a huge page: the kernel interleaves what it allocates at once,
  /// and who touches the first byte of a huge page decides for all of it.
  bool goes_by_page = false;
};

/// All, in the order of their modes.
std::span<const kernel_policy> kernel_policies() noexcept;
const kernel_policy& row_of(policy_mode mode) noexcept;

/// A set of nodes as system calls take it, and back.
sys::node_bits to_bits(const node_set& nodes) noexcept;
node_set to_nodes(const sys::node_bits& bits);

/// The policy as acre names it; flags of the mode are left out.
policy from_kernel(const sys::raw_policy& raw);

/// True if `installed` is what apply() leaves for `wanted` on some kernel: the mask may have shrunk to the
/// nodes with memory only if `wanted` named others, which require_usable() excludes; prefer may be PREFERRED
/// with one node of it.
bool is_installed(const sys::raw_policy& installed, const policy& wanted);

}  // namespace acre::inline v1
