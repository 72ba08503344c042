#include "topology/machine.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {
namespace {

void set(machine& m, node_id from, node_id to, std::uint64_t value) {
  machine_node* const a = m.find(from);
  const machine_node* const b = m.find(to);
  if (a && b) a->distances[m.position(*b)] = static_cast<unsigned>(value);
}

bool take_from_hwloc(machine& m) {
  hwloc_distances_s* d = nullptr;
  unsigned count = 1;
  const unsigned long kinds = HWLOC_DISTANCES_KIND_MEANS_LATENCY;
  const int rc = hwloc_distances_get_by_name(m.handle.get(), "NUMALatency", &count, &d, 0);
  if (rc != 0 || count == 0 || d == nullptr) {
    count = 1;
    if (hwloc_distances_get_by_type(m.handle.get(), HWLOC_OBJ_NUMANODE, &count, &d, kinds, 0) != 0 ||
        count == 0 || d == nullptr)
      return false;
  }
  for (unsigned i = 0; i < d->nbobjs; ++i)
    for (unsigned j = 0; j < d->nbobjs; ++j)
      if (d->objs[i] && d->objs[j])
        set(m, d->objs[i]->os_index, d->objs[j]->os_index, d->values[std::size_t{i} * d->nbobjs + j]);
  hwloc_distances_release(m.handle.get(), d);
  return true;
}

/// For pairs that hwloc leaves out: a machine of one node, nodes that it does not show.
void complete_from_sysfs(machine& m) {
  const auto online = online_nodes();
  if (!online) return;
  for (machine_node& n : m.list) {
    const auto row = distances_of_node(n.id);
    if (!row || row->size() != online->size()) continue;
    for (std::size_t i = 0; i < row->size(); ++i) {
      const machine_node* const to = m.find((*online)[i]);
      if (to == nullptr) continue;
      auto& known = n.distances[m.position(*to)];
      if (!known) known = (*row)[i];
    }
  }
}

}  // namespace

void read_distances(machine& m) {
  for (machine_node& n : m.list) n.distances.resize(m.list.size());
  take_from_hwloc(m);
  if (m.is_this_system) complete_from_sysfs(m);
}

}  // namespace acre::inline v1
