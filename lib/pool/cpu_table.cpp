#include "pool/cpu_table.hpp"

namespace acre::inline v1 {

node_id served_node_near(node_id node, const topology& machine, const node_set& served) {
  return served.contains(node) ? node : machine.nearest_first(node, served).front();
}

std::vector<std::optional<node_id>> served_node_of_each_cpu(const topology& machine, const node_set& served,
                                                            std::size_t possible) {
  std::vector<std::optional<node_id>> table(possible);
  for (const node_id node : machine.nodes()) {
    const std::vector<unsigned>& cpus = machine.cpus(node);
    if (cpus.empty()) continue;
    const node_id near = served_node_near(node, machine, served);
    for (const unsigned cpu : cpus) {
      if (cpu >= table.size()) table.resize(cpu + std::size_t{1});
      table[cpu] = near;
    }
  }
  return table;
}

}  // namespace acre::inline v1
