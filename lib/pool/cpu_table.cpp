#include "pool/cpu_table.hpp"

namespace acre {

std::vector<node_id> served_node_of_each_cpu(const topology& machine, const node_set& served) {
  std::vector<node_id> table;
  for (const node_id node : machine.nodes()) {
    const std::vector<unsigned>& cpus = machine.cpus(node);
    if (cpus.empty()) continue;
    const node_id nearest = served.contains(node) ? node : machine.nearest_first(node, served).front();
    for (const unsigned cpu : cpus) {
      if (cpu >= table.size()) table.resize(cpu + std::size_t{1}, served.first());
      table[cpu] = nearest;
    }
  }
  return table;
}

}  // namespace acre
