// What the machine has: its nodes, what their memory is, how much is free, how far and how fast it is from each node
// with CPUs; and how large its pages are.
#include <acre/acre.hpp>

#include <iostream>
#include <optional>
#include <string>

#include "require.hpp"

namespace {

void describe(const acre::topology& machine, acre::node_id node) {
  const acre::memory_kind kind = machine.kind(node);
  std::cout << "node " << node << ": " << acre::to_string(kind) << ", " << machine.cpus(node).size()
            << " CPUs";
  if (const std::optional<acre::node_memory> memory = machine.memory(node)) {
    std::cout << ", " << acre::format_bytes_rounded(memory->free) << " of "
              << acre::format_bytes_rounded(memory->total) << " free";
  }
  std::cout << '\n';
}

/// Distances are relative (10 is a node's own memory); the others are in MiB/s and ns, where the firmware tells them.
void from(const acre::topology& machine, acre::node_id node) {
  for (acre::node_id other : machine.nearest_first(node, machine.default_nodes())) {
    std::cout << "from node " << node << " to " << other << ": distance "
              << machine.distance(node, other).value_or(0);
    for (acre::memory_attribute a : {acre::memory_attribute::bandwidth, acre::memory_attribute::latency}) {
      if (const auto value = machine.value(a, other, node))
        std::cout << ", " << acre::to_string(a) << ' ' << *value;
    }
    std::cout << '\n';
  }
  if (const std::optional<acre::best_node> best = machine.best(acre::memory_attribute::bandwidth, node)) {
    std::cout << "the fastest for node " << node << " is node " << best->node << '\n';
  }
}

void pages() {
  for (acre::page_kind kind :
       {acre::page_kind::system, acre::page_kind::huge_2mb, acre::page_kind::huge_1gb}) {
    std::cout << acre::to_string(kind) << ": pages of " << acre::format_bytes(acre::page_size(kind)) << '\n';
  }
  require(acre::parse_bytes("2MiB") == acre::page_size(acre::page_kind::huge_2mb),
          "sizes are read as people write them");
}

}  // namespace

int main() {
  const acre::topology& machine = acre::topology::system();
  std::cout << "hwloc " << acre::hwloc_version() << ", nodes " << machine.nodes()
            << ", to be used by this process " << machine.default_nodes() << '\n';
  for (acre::node_id node : machine.memory_nodes()) describe(machine, node);
  for (acre::node_id node : machine.nodes()) {
    if (!machine.cpus(node).empty()) from(machine, node);
  }
  pages();
  require(!machine.local_nodes().empty(), "there is a nearest node for every thread");
}
