#include <algorithm>
#include <tuple>

#include "topology/machine.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {
namespace {

bool is_main_memory(memory_kind kind) noexcept {
  return kind == memory_kind::dram || kind == memory_kind::unknown;
}

/// The node that owns a CPU of a machine whose sysfs cannot be asked. hwloc gives memory-only nodes the CPUs
/// they are near to, so that several nodes claim a CPU: the one with the fewest CPUs has it, then main memory
/// before other kinds, then the lowest number (firmware numbers nodes with CPUs first).
machine_node* owner(machine& m, unsigned cpu) {
  machine_node* best = nullptr;
  const auto rank = [](const machine_node& n) {
    return std::tuple(hwloc_bitmap_weight(n.object->cpuset), !is_main_memory(n.kind), n.id);
  };
  for (machine_node& n : m.list) {
    if (n.object == nullptr || !hwloc_bitmap_isset(n.object->cpuset, cpu)) continue;
    if (best == nullptr || rank(n) < rank(*best)) best = &n;
  }
  return best;
}

bool take_from_sysfs(machine& m) {
  for (machine_node& n : m.list) {
    auto cpus = cpus_of_node(n.id);
    if (!cpus) return false;
    n.cpus = std::move(*cpus);
  }
  return true;
}

void take_from_hwloc(machine& m, const std::vector<unsigned>& all) {
  for (machine_node& n : m.list) n.cpus.clear();
  // Where hwloc could not read /sys it shows one node that has all CPUs. With others beside it nobody knows.
  if (m.is_this_system &&
      std::ranges::any_of(m.list, [](const machine_node& n) { return n.object == nullptr; }))
    return;
  for (unsigned cpu : all)
    if (machine_node* n = owner(m, cpu)) n->cpus.push_back(cpu);
}

}  // namespace

void read_cpus(machine& m) {
  const hwloc_topology_t t = m.handle.get();
  std::vector<unsigned> all;
  for (hwloc_obj_t o = nullptr; (o = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_PU, o)) != nullptr;)
    all.push_back(o->os_index);
  std::sort(all.begin(), all.end());
  for (unsigned cpu : all)
    if (hwloc_bitmap_isset(hwloc_topology_get_allowed_cpuset(t), cpu)) m.cpus.push_back(cpu);
  if (!m.is_this_system || !take_from_sysfs(m)) take_from_hwloc(m, all);
  for (const machine_node& n : m.list)
    for (unsigned cpu : n.cpus) m.node_of_cpu.emplace_back(cpu, n.id);
  std::sort(m.node_of_cpu.begin(), m.node_of_cpu.end());
}

}  // namespace acre::inline v1
