#include "topology/machine.hpp"

#include <acre/error.hpp>

#include <algorithm>

#include "sys/files.hpp"
#include "topology/node_files.hpp"

namespace acre {
namespace {

void add_hwloc_nodes(machine& m) {
  const hwloc_topology_t t = m.handle.get();
  for (hwloc_obj_t o = nullptr; (o = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_NUMANODE, o)) != nullptr;) {
    if (o->os_index >= node_set::max_nodes)
      throw error(errc::topology_failed, "node " + std::to_string(o->os_index) + ": node numbers go up to " +
                                             std::to_string(node_set::max_nodes - 1));
    machine_node n;
    n.id = o->os_index;
    n.object = o;
    n.capacity = o->attr->numanode.local_memory;
    n.kind = kind_of(o);
    m.list.push_back(std::move(n));
  }
}

/// hwloc leaves out some nodes that exist: the GPUs' of NVIDIA before 2.11, for one.
void add_hidden_nodes(machine& m) {
  const auto online = online_nodes();
  if (!online) return;
  for (unsigned id : *online) {
    const bool known = std::any_of(m.list.begin(), m.list.end(), [id](const auto& n) { return n.id == id; });
    if (known || id >= node_set::max_nodes) continue;
    machine_node n;
    n.id = id;
    if (const auto memory = sys::node_memory(id)) n.capacity = memory->total;
    m.list.push_back(std::move(n));
  }
}

void make_sets(machine& m) {
  const hwloc_const_nodeset_t allowed = hwloc_topology_get_allowed_nodeset(m.handle.get());
  for (const machine_node& n : m.list) {
    m.nodes.insert(n.id);
    if (n.capacity == 0) continue;
    m.with_memory.insert(n.id);
    // What hwloc does not show it cannot bind either.
    if (n.object == nullptr || !hwloc_bitmap_isset(allowed, n.id)) continue;
    m.allowed.insert(n.id);
    if (n.kind != memory_kind::gpu) m.defaults.insert(n.id);
  }
}

template <class Machine>
auto* find_in(Machine& m, node_id id) noexcept {
  const auto at = std::lower_bound(m.list.begin(), m.list.end(), id,
                                   [](const machine_node& n, node_id i) { return n.id < i; });
  return at != m.list.end() && at->id == id ? &*at : nullptr;
}

}  // namespace

const machine_node* machine::find(node_id id) const noexcept { return find_in(*this, id); }
machine_node* machine::find(node_id id) noexcept { return find_in(*this, id); }

machine read_machine(hwloc_handle handle, bool is_this_system) {
  machine m;
  m.handle = std::move(handle);
  m.is_this_system = is_this_system;
  add_hwloc_nodes(m);
  if (is_this_system) add_hidden_nodes(m);
  std::sort(m.list.begin(), m.list.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  read_cpus(m);
  read_distances(m);
  for (machine_node& n : m.list)
    if (n.kind == memory_kind::unknown && !n.cpus.empty()) n.kind = memory_kind::dram;
  make_sets(m);
  return m;
}

}  // namespace acre
