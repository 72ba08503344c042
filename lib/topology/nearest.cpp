#include <acre/error.hpp>
#include <acre/topology.hpp>

#include <algorithm>
#include <limits>

#include "sys/threads.hpp"
#include "topology/machine.hpp"

namespace acre::inline v1 {
namespace {

/// For a CPU whose node is hidden by hwloc or without distances: the candidates of the smallest part of the
/// machine around it that has any.
node_set around(const machine& m, hwloc_obj_t o, const node_set& candidates) {
  // Nothing told whose the CPUs are: hwloc's one node, then, is made up.
  if (m.node_of_cpu.empty()) o = nullptr;
  for (; o != nullptr; o = o->parent) {
    node_set here;
    for (node_id n : candidates)
      if (hwloc_bitmap_isset(o->nodeset, n)) here.insert(n);
    if (!here.empty()) return here;
  }
  return candidates.empty() ? m.nodes : candidates;
}

/// The candidate with the smallest distance from a node; nothing if the machine tells no distances.
std::optional<node_id> nearest_known(const topology& t, node_id from, const node_set& candidates) {
  if (candidates.empty()) return std::nullopt;
  const node_id nearest = t.nearest_first(from, candidates).front();
  return t.distance(from, nearest) ? std::optional(nearest) : std::nullopt;
}

}  // namespace

std::vector<node_id> topology::nearest_first(node_id from, const node_set& candidates) const {
  std::vector<std::pair<unsigned, node_id>> order;
  for (node_id n : candidates) {
    const unsigned unknown = n == from ? 0 : std::numeric_limits<unsigned>::max();
    order.emplace_back(distance(from, n).value_or(unknown), n);
  }
  std::sort(order.begin(), order.end());
  std::vector<node_id> nodes;
  for (const auto& [far, n] : order) nodes.push_back(n);
  return nodes;
}

node_set topology::local_nodes(std::span<const unsigned> cpus) const {
  if (cpus.empty()) throw error(errc::invalid_argument, "local nodes of no CPU: at least one CPU is needed");
  const node_set& usable = default_nodes().empty() ? allowed_nodes() : default_nodes();
  node_set result;
  for (unsigned cpu : cpus) {
    const auto node = node_of_cpu(cpu);
    const hwloc_obj_t object = hwloc_get_pu_obj_by_os_index(native_handle(), cpu);
    if (!node && !object)
      throw error(errc::invalid_argument, "the machine has no CPU " + std::to_string(cpu));
    if (node && usable.contains(*node)) {
      result.insert(*node);
      continue;
    }
    const std::optional<node_id> near = node ? nearest_known(*this, *node, usable) : std::nullopt;
    result |= near ? node_set{*near} : around(*x_snapshot, object, usable);
  }
  return result;
}

node_set topology::local_nodes() const {
  if (!is_this_system())
    throw error(errc::foreign_topology, "the calling thread runs on no CPU of a topology of another machine");
  const unsigned cpu = sys::current_cpu();
  // Where nothing tells its node, and hwloc does not know it, any usable node is as good as another.
  if (!node_of_cpu(cpu) && !hwloc_get_pu_obj_by_os_index(native_handle(), cpu))
    return default_nodes().empty() ? allowed_nodes() : default_nodes();
  return local_nodes(std::span(&cpu, 1));
}

}  // namespace acre::inline v1
