// Share an array among threads of all nodes.
#include <acre/area.hpp>
#include <acre/topology.hpp>

#include <iostream>
#include <memory_resource>
#include <vector>

int main() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::area pages(acre::placement::interleave(nodes));

  std::pmr::vector<double> table(1'000'000, 1.0, &pages);

  const acre::check_result proof = pages.check_block(table.data(), table.size() * sizeof(double));
  std::cout << proof << '\n';
  return proof ? 0 : 1;
}
