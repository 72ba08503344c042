// Between acre's policies and the kernel's: what a policy is called when read back.
#pragma once

#include <acre/plan.hpp>

#include "sys/policy.hpp"

namespace acre::inline v1 {

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
