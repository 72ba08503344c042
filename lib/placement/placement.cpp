#include <acre/placement.hpp>

#include <acre/error.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "placement/strategies.hpp"

namespace acre::inline v1 {

struct placement::details {
  std::vector<node_weight> weights = {};
  detail::page_function function = {};
  mutable std::atomic<std::size_t> placements = 1;  ///< that share it
};

namespace {

void require_nodes(std::string_view name, const node_set& nodes) {
  if (nodes.empty()) {
    throw error(errc::empty_node_set,
                std::string(name) + ": the node set is empty, it needs at least one node");
  }
}

[[noreturn]] void reject_weights(std::string_view name, const std::string& message) {
  throw error(errc::invalid_weights, std::string(name) + ": " + message);
}

node_set nodes_of(std::string_view name, std::span<const node_weight> weights) {
  if (weights.empty()) reject_weights(name, "no weights, it needs at least one node with a weight");
  node_set nodes;
  for (const node_weight& w : weights) {
    if (w.weight == 0 || w.weight > placement::max_weight) {
      reject_weights(name, "node " + std::to_string(w.node) + " has weight " + std::to_string(w.weight) +
                               ", weights are 1.." + std::to_string(placement::max_weight));
    }
    if (nodes.contains(w.node)) {
      reject_weights(name, "node " + std::to_string(w.node) + " is named twice (again with weight " +
                               std::to_string(w.weight) + "), once is right");
    }
    nodes.insert(w.node);
  }
  return nodes;
}

std::size_t mixed(std::size_t seed, std::size_t value) noexcept {
  return seed ^ (value + std::size_t{0x9e3779b97f4a7c15} + (seed << 6) + (seed >> 2));
}

}  // namespace

placement::placement(acre::strategy s, const node_set& nodes, acre::chunk chunk)
    : x_strategy(s), x_strictness(detail::row_of(s).strictness), x_chunk(chunk), x_nodes(nodes) {
  if (detail::row_of(s).takes != detail::operand::none) require_nodes(detail::row_of(s).name, nodes);
}

placement::placement(acre::strategy s, std::span<const node_weight> weights, acre::chunk chunk)
    : placement(s, nodes_of(detail::row_of(s).name, weights), chunk) {
  x_details = new details{.weights = {weights.begin(), weights.end()}};
}

placement placement::unbound() { return placement(acre::strategy::unbound, node_set{}); }

placement placement::local() { return placement(acre::strategy::local, node_set{}); }

placement placement::bind(const node_set& nodes) { return placement(acre::strategy::bind, nodes); }

placement placement::prefer(const node_set& nodes) {
  require_nodes("prefer", nodes);
  return bind(nodes).soft();
}

placement placement::interleave(const node_set& nodes, acre::chunk chunk) {
  return placement(acre::strategy::interleave, nodes, chunk);
}

placement placement::weighted(std::initializer_list<node_weight> weights, acre::chunk chunk) {
  return weighted(std::span(weights.begin(), weights.size()), chunk);
}

placement placement::weighted(std::span<const node_weight> weights, acre::chunk chunk) {
  return placement(acre::strategy::weighted, weights, chunk);
}

placement placement::weighted_by_system(const node_set& nodes) {
  return placement(acre::strategy::weighted_by_system, nodes);
}

placement placement::blocked(std::initializer_list<node_weight> weights) {
  return blocked(std::span(weights.begin(), weights.size()));
}

placement placement::blocked(std::span<const node_weight> weights) {
  return placement(acre::strategy::blocked, weights);
}

placement placement::blocked(const node_set& nodes) {
  require_nodes("blocked", nodes);
  std::vector<node_weight> equal;
  for (node_id n : nodes) equal.push_back({n, 1});
  return blocked(std::span<const node_weight>(equal));
}

placement placement::most_free(const node_set& nodes, acre::chunk chunk) {
  return placement(acre::strategy::most_free, nodes, chunk);
}

placement placement::by_function(detail::page_function function, const node_set& nodes) {
  placement p(acre::strategy::by_page, nodes);
  if (!function) throw error(errc::invalid_function, "by_page: the function is empty, it must be callable");
  p.x_details = new details{.function = std::move(function)};
  return p;
}

bool placement::has_function() const noexcept { return x_details != nullptr && x_details->function; }

placement placement::hard() const {
  if (const std::string_view why = detail::row_of(x_strategy).never_hard; !why.empty())
    throw error(errc::unsupported_placement, to_string() + " cannot be hard: " + std::string(why));
  placement p = *this;
  p.x_strictness = acre::strictness::hard;
  return p;
}

placement placement::soft() const {
  placement p = *this;
  p.x_strictness = acre::strictness::soft;
  return p;
}

placement placement::by(acre::chunk chunk) const {
  if (!detail::row_of(x_strategy).has_chunk)
    throw error(errc::unsupported_placement, to_string() + " has no chunks");
  placement p = *this;
  p.x_chunk = chunk;
  return p;
}

std::span<const node_weight> placement::weights() const& noexcept {
  if (x_details == nullptr) return {};
  return x_details->weights;
}

node_id placement::node_of_page(std::size_t index, std::size_t pages) const {
  if (!has_function()) {
    throw error(errc::invalid_function, to_string() + " has no function for pages, only by_page has");
  }
  return x_details->function(index, pages);
}

void placement::keep_details() const noexcept {
  x_details->placements.fetch_add(1, std::memory_order_relaxed);
}

// acquire and release: whoever deletes it has seen the end of all that others did with it.
void placement::drop_details() const noexcept {
  if (x_details->placements.fetch_sub(1, std::memory_order_acq_rel) == 1) delete x_details;
}

bool placement::equals(const placement& o) const noexcept {
  if (x_strategy != o.x_strategy || x_strictness != o.x_strictness || x_chunk != o.x_chunk ||
      x_nodes != o.x_nodes) {
    return false;
  }
  // Functions cannot be compared: such a placement is equal to its copies only.
  if (x_details == o.x_details) return true;
  return !has_function() && std::ranges::equal(weights(), o.weights());
}

std::size_t placement::hash() const noexcept {
  std::size_t h = mixed(static_cast<std::size_t>(x_strategy), static_cast<std::size_t>(x_strictness));
  h = mixed(mixed(h, x_chunk.hash()), x_nodes.hash());
  for (const node_weight& w : weights()) h = mixed(mixed(h, w.node), w.weight);
  if (has_function()) h = mixed(h, std::hash<const void*>{}(x_details));
  return h;
}

}  // namespace acre::inline v1
