#include "placement/kernel_policy.hpp"

#include <algorithm>
#include <array>
#include <ostream>
#include <utility>

namespace acre::inline v1 {
namespace {

// A switch, for then a mode without a row is a warning of the compiler. The kernel's names: mm/mempolicy.c,
// policy_modes.
constexpr kernel_policy make_policy_row(policy_mode mode) {
  switch (mode) {
    case policy_mode::unbound:
      return {.mode = mode,
              .name = "unbound",
              .number = sys::mode_default,
              .kernels_name = "default",
              .has_nodes = false};
    case policy_mode::local:
      return {.mode = mode,
              .name = "local",
              .number = sys::mode_local,
              .kernels_name = "local",
              .has_nodes = false,
              .goes_by_page = true};
    case policy_mode::prefer:
      return {.mode = mode, .name = "prefer", .number = sys::mode_preferred, .kernels_name = "prefer"};
    case policy_mode::bind:
      return {.mode = mode, .name = "bind", .number = sys::mode_bind, .kernels_name = "bind"};
    case policy_mode::interleave:
      return {.mode = mode,
              .name = "interleave",
              .number = sys::mode_interleave,
              .kernels_name = "interleave",
              .goes_by_page = true};
    case policy_mode::weighted_interleave:
      return {.mode = mode,
              .name = "weighted_interleave",
              .number = sys::mode_weighted_interleave,
              .kernels_name = "weighted interleave",
              .goes_by_page = true};
  }
  return {.mode = mode, .name = {}, .number = 0, .kernels_name = {}};
}

constexpr std::size_t policy_row_count = [] {
  std::size_t n = 0;
  while (!make_policy_row(static_cast<policy_mode>(n)).name.empty()) ++n;
  return n;
}();

constexpr auto policy_rows = []<std::size_t... i>(std::index_sequence<i...>) {
  return std::array{make_policy_row(static_cast<policy_mode>(i))...};
}
(std::make_index_sequence<policy_row_count>{});

}  // namespace

std::span<const kernel_policy> kernel_policies() noexcept { return policy_rows; }

const kernel_policy& row_of(policy_mode mode) noexcept { return policy_rows[static_cast<std::size_t>(mode)]; }

std::string_view to_string(policy_mode mode) noexcept {
  return static_cast<std::size_t>(mode) < policy_row_count ? row_of(mode).name : "invalid";
}

std::string policy::to_string() const {
  std::string text(acre::to_string(mode));
  if (!nodes.empty()) text += ' ' + nodes.to_string();
  return text;
}

std::ostream& operator<<(std::ostream& out, const policy& p) { return out << p.to_string(); }

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
  const int mode = raw.mode & ~sys::mode_flags;
  const int number = mode == sys::mode_preferred_many ? int{sys::mode_preferred} : mode;
  const auto found = std::ranges::find(policy_rows, number, &kernel_policy::number);
  const node_set nodes = to_nodes(raw.nodes);
  // To prefer no node is to prefer the toucher's.
  const bool is_local = found == policy_rows.end() || (found->mode == policy_mode::prefer && nodes.empty());
  if (is_local) return {policy_mode::local, {}};
  return {found->mode, found->has_nodes ? nodes : node_set{}};
}

bool is_installed(const sys::raw_policy& installed, const policy& wanted) {
  const policy found = from_kernel(installed);
  if (found == wanted) return true;
  // Linux < 5.15: the first node only; apply() has reported the downgrade.
  return wanted.mode == policy_mode::prefer && installed.mode == sys::mode_preferred &&
         !found.nodes.empty() && found.nodes.first() == wanted.nodes.first();
}

}  // namespace acre::inline v1
