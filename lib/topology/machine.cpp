#include "topology/machine.hpp"

#include <acre/error.hpp>

#include <algorithm>

#include "sys/files.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {
namespace {

std::optional<std::uint64_t> capacity_now(node_id node) {
  const auto memory = sys::node_memory(node);
  return memory ? std::optional(memory->total) : std::nullopt;
}

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
    // Where hwloc cannot read /sys it says 0, too.
    if (m.is_this_system && n.capacity == std::uint64_t{0}) n.capacity = capacity_now(n.id);
    n.kind = kind_of(o);
    m.list.push_back(std::move(n));
  }
}

/// hwloc leaves out some nodes that exist: the GPUs' of NVIDIA before 2.11, for one, and where it cannot read /sys all
/// but one.
void add_hidden_nodes(machine& m, const std::vector<unsigned>& online, const node_set& allowed) {
  std::vector<node_id> ids(online.begin(), online.end());
  ids.insert(ids.end(), allowed.begin(), allowed.end());
  for (const node_id id : ids) {
    const bool known = std::any_of(m.list.begin(), m.list.end(), [id](const auto& n) { return n.id == id; });
    if (known || id >= node_set::max_nodes) continue;
    machine_node n;
    n.id = id;
    n.capacity = capacity_now(id);
    m.list.push_back(std::move(n));
  }
}

/// \param allowed by the kernel; nothing: hwloc is asked
/// \param hides whether hwloc knew of the nodes that it does not show, and left them out for what they are
void make_sets(machine& m, const std::optional<node_set>& allowed, bool hides) {
  const hwloc_const_nodeset_t by_hwloc = hwloc_topology_get_allowed_nodeset(m.handle.get());
  for (const machine_node& n : m.list) {
    m.nodes.insert(n.id);
    if (!machine::has_memory(n)) continue;
    m.with_memory.insert(n.id);
    const bool may =
        allowed ? allowed->contains(n.id) : n.object != nullptr && hwloc_bitmap_isset(by_hwloc, n.id) != 0;
    if (!may) continue;
    m.allowed.insert(n.id);
    if (n.kind != memory_kind::gpu && (n.object != nullptr || !hides)) m.defaults.insert(n.id);
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
  const auto online = is_this_system ? online_nodes() : std::nullopt;
  const auto allowed = is_this_system ? allowed_now() : std::nullopt;
  add_hwloc_nodes(m);
  if (is_this_system)
    add_hidden_nodes(m, online.value_or(std::vector<unsigned>{}), allowed.value_or(node_set{}));
  std::sort(m.list.begin(), m.list.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  read_cpus(m);
  read_distances(m);
  for (machine_node& n : m.list)
    if (n.kind == memory_kind::unknown && !n.cpus.empty()) n.kind = memory_kind::dram;
  make_sets(m, allowed, online.has_value());
  return m;
}

}  // namespace acre::inline v1
