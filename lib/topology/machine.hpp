// machine: what a snapshot knows, read once out of hwloc and sysfs, constant afterwards.
#pragma once

#include <acre/topology.hpp>

#include <hwloc.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace acre::inline v1 {

struct close_hwloc {
  void operator()(hwloc_topology* t) const noexcept { hwloc_topology_destroy(t); }
};
using hwloc_handle = std::unique_ptr<hwloc_topology, close_hwloc>;

struct machine_node {
  node_id id = 0;
  hwloc_obj_t object = nullptr;  ///< null: the kernel has the node, hwloc does not show it
  std::optional<std::uint64_t> capacity;
  memory_kind kind = memory_kind::unknown;
  std::vector<unsigned> cpus;
  std::vector<std::optional<unsigned>> distances;  ///< by position in machine::list
};

struct machine {
  /// What is not known to have none counts as memory: the kernel will tell.
  static bool has_memory(const machine_node& n) noexcept { return n.capacity != std::uint64_t{0}; }

  hwloc_handle handle;
  bool is_this_system = false;
  std::vector<machine_node> list;  ///< by increasing id
  std::vector<unsigned> cpus;
  std::vector<std::pair<unsigned, node_id>> node_of_cpu;  ///< by increasing CPU
  node_set nodes;
  node_set with_memory;
  node_set allowed;
  node_set defaults;

  /// Null for a node the machine does not have.
  const machine_node* find(node_id id) const noexcept;
  machine_node* find(node_id id) noexcept;
  /// The position of a member of `list`.
  std::size_t position(const machine_node& n) const noexcept {
    return static_cast<std::size_t>(&n - list.data());
  }
};

struct topology::snapshot : machine {};

/// Reads everything out of a loaded hwloc topology.
/// \throws error errc::topology_failed
machine read_machine(hwloc_handle handle, bool is_this_system);

// The steps of read_machine().
void read_cpus(machine& m);
void read_distances(machine& m);

/// What hwloc says the node is made of.
memory_kind kind_of(hwloc_obj_t node) noexcept;

}  // namespace acre::inline v1
