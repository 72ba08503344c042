#include "placement/kernel_policy.hpp"

namespace acre::inline v1 {

sys::node_bits to_bits(const node_set& nodes) noexcept {
  sys::node_bits bits{};
  for (node_id n : nodes) bits[n / 64] |= std::uint64_t{1} << (n % 64);
  return bits;
}

node_set to_nodes(const sys::node_bits& bits) {
  node_set nodes;
  for (node_id n = 0; n < node_set::max_nodes; ++n) {
    if ((bits[n / 64] >> (n % 64) & 1) != 0) nodes.insert(n);
  }
  return nodes;
}

policy from_kernel(const sys::raw_policy& raw) {
  const node_set nodes = to_nodes(raw.nodes);
  switch (raw.mode & ~sys::mode_flags) {
    case sys::mode_default:
      return {policy_mode::unbound, {}};
    case sys::mode_bind:
      return {policy_mode::bind, nodes};
    case sys::mode_interleave:
      return {policy_mode::interleave, nodes};
    case sys::mode_weighted_interleave:
      return {policy_mode::weighted_interleave, nodes};
    case sys::mode_preferred:
    case sys::mode_preferred_many:
      return nodes.empty() ? policy{policy_mode::local, {}} : policy{policy_mode::prefer, nodes};
    default:
      return {policy_mode::local, {}};
  }
}

bool is_installed(const sys::raw_policy& installed, const policy& wanted) {
  const policy found = from_kernel(installed);
  if (found == wanted) return true;
  // Linux < 5.15: the first node only; apply() has reported the downgrade.
  return wanted.mode == policy_mode::prefer && installed.mode == sys::mode_preferred &&
         !found.nodes.empty() && found.nodes.first() == wanted.nodes.first();
}

}  // namespace acre::inline v1
