// An array of which each node has a share by its bandwidth.
#include <acre/area.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory_resource>
#include <vector>

#include "../require.hpp"

int main() {
  const acre::topology& machine = acre::topology::system();
  const acre::node_id here = machine.local_nodes().first();
  const auto best = machine.best(acre::memory_attribute::bandwidth, here);
  std::vector<acre::node_weight> weights;
  for (acre::node_id node : machine.default_nodes()) {
    const auto bandwidth = machine.value(acre::memory_attribute::bandwidth, node, here);  // as seen from here
    if (!best || !bandwidth) continue;
    weights.push_back({node, static_cast<std::uint32_t>(1 + 15 * *bandwidth / best->value)});
  }
  const acre::placement where = weights.empty() ? acre::placement::interleave(machine.default_nodes())
                                                : acre::placement::weighted(weights);

  acre::area pages(where);
  std::pmr::vector<double> table(1'000'000, 1.0, &pages);
  std::cout << where << ": " << acre::locate(table.data(), table.size() * sizeof(double)) << '\n';

  const std::size_t bytes = table.size() * sizeof(double);
  require(pages.check_block(table.data(), bytes).ok(), "each node has its share");
  require(acre::locate(table.data(), bytes).nodes() == where.nodes(), "and there is something on each");
}
