// A matrix whose rows are dealt out to the nodes, so that threads know which rows are near.
#include <acre/area.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <iostream>
#include <memory_resource>
#include <vector>

#include "../require.hpp"

int main() {
  const std::size_t rows = 64;
  const std::size_t columns = 8192;  // 64 KiB: rows are whole pages
  const acre::node_set set = acre::topology::system().default_nodes();
  const std::vector<acre::node_id> nodes(set.begin(), set.end());
  acre::area pages(acre::placement::interleave(set, columns * sizeof(double)));
  std::pmr::vector<double> matrix(rows * columns, 0.0, &pages);

  const auto row = [&](std::size_t i) { return matrix.data() + i * columns; };
  const auto node_of_row = [&](std::size_t i) { return nodes[i % nodes.size()]; };
  std::cout << "row 3: " << acre::locate(row(3), columns * sizeof(double)) << '\n';

  require(pages.check_block(matrix.data(), matrix.size() * sizeof(double)).ok(), "all lies as placed");
  for (std::size_t i = 0; i != rows; ++i) {
    const acre::residency where = acre::locate(row(i), columns * sizeof(double));
    require(where.on(node_of_row(i)) == where.pages, "each row lies on its node");
  }
}
