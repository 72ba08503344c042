#include "cli/demo/trial_list.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

namespace acre_demo {
namespace {

using namespace acre::literals;
using value_of_node = std::vector<std::pair<acre::node_id, std::uint64_t>>;

// Some 16 parts for the largest: rounds stay short, so that small data meets every node.
std::vector<acre::node_weight> in_parts(const value_of_node& values) {
  std::uint64_t most = 1;
  for (const auto& [node, value] : values) most = std::max(most, value);
  std::vector<acre::node_weight> weights;
  for (const auto& [node, value] : values) {
    const double parts = 16.0 * static_cast<double>(value) / static_cast<double>(most);
    weights.push_back({node, static_cast<std::uint32_t>(std::max(1.0, std::round(parts)))});
  }
  std::uint32_t divisor = 0;
  for (const auto& w : weights) divisor = std::gcd(divisor, w.weight);
  for (auto& w : weights) w.weight /= divisor;
  return weights;
}

bool differ(const std::vector<acre::node_weight>& weights) {
  return std::any_of(weights.begin(), weights.end(),
                     [&](const auto& w) { return w.weight != weights[0].weight; });
}

// The nearest, the next, the farthest, and one of each kind of memory: enough to see the difference.
std::vector<acre::node_id> nodes_to_bind(const acre::topology& machine, acre::node_id here) {
  const auto ordered = machine.nearest_first(here, machine.default_nodes());
  if (ordered.size() <= 4) return ordered;
  std::vector<acre::node_id> chosen{ordered[0], ordered[1]};
  std::set<acre::memory_kind> kinds{machine.kind(ordered[0]), machine.kind(ordered[1])};
  for (const auto node : ordered)
    if (kinds.insert(machine.kind(node)).second) chosen.push_back(node);
  if (std::find(chosen.begin(), chosen.end(), ordered.back()) == chosen.end())
    chosen.push_back(ordered.back());
  return chosen;
}

std::string describe_node(const acre::topology& machine, acre::node_id here, acre::node_id node) {
  std::string text = node == here ? "the near node" : "one node";
  if (const auto d = machine.distance(here, node); d && node != here)
    text += fmt::format(" at distance {}", *d);
  const auto kind = machine.kind(node);
  if (kind != acre::memory_kind::unknown && kind != acre::memory_kind::dram)
    text += fmt::format(", {}", acre::to_string(kind));
  return text + ", nowhere else";
}

}  // namespace

weight_choice choose_weights(const acre::topology& machine, acre::node_id here) {
  value_of_node bandwidth, capacity;
  for (const auto node : machine.default_nodes()) {
    if (const auto value = machine.value(acre::memory_attribute::bandwidth, node, here))
      bandwidth.emplace_back(node, *value);
    if (const auto bytes = machine.capacity(node)) capacity.emplace_back(node, *bytes);
  }
  if (bandwidth.size() == machine.default_nodes().size())
    if (auto weights = in_parts(bandwidth); differ(weights)) return {std::move(weights), "by bandwidth"};
  if (capacity.size() == machine.default_nodes().size())
    if (auto weights = in_parts(capacity); differ(weights)) return {std::move(weights), "by capacity"};
  std::vector<acre::node_weight> weights;
  for (const auto node : machine.default_nodes()) weights.push_back({node, node == here ? 3u : 1u});
  return {std::move(weights), "three parts near, one on each other node"};
}

std::vector<trial> trials_for(const acre::topology& machine, acre::node_id here) {
  using acre::placement;
  std::vector<trial> trials{{placement::unbound(), "what the thread would do without acre"},
                            {placement::local(), "the node of the CPU that touches a page first"}};
  const acre::node_set all = machine.default_nodes();
  if (all.size() < 2) return trials;
  for (const auto node : nodes_to_bind(machine, here))
    trials.push_back({placement::bind({node}), describe_node(machine, here, node)});
  trials.push_back({placement::interleave(all), "page by page, round robin"});
  auto [weights, by] = choose_weights(machine, here);
  trials.push_back({placement::weighted(weights), by});
  trials.push_back({placement::weighted_by_system(all), "by the administrator's weights"});
  trials.push_back({placement::blocked(all), "one run of pages for each node"});
  trials.push_back({placement::most_free(all, 8_MiB), "for each 8 MiB the emptiest node"});
  return trials;
}

}  // namespace acre_demo
