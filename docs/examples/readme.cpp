// The program that README.md begins with: a vector on a node, with its proof.
#include <acre/acre.hpp>

#include <iostream>
#include <vector>

int main() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::area pages(acre::placement::bind({nodes.first()}), {.commit = acre::commit::eager});
  std::pmr::vector<double> data(1'000'000, 1.0, &pages);

  const acre::check_result proof = pages.check_block(data.data(), data.size() * sizeof(double));
  std::cout << pages.where() << ": " << proof << '\n';  // bind 0: as placed: node 0: 1954 pages
  return proof.ok() ? 0 : 1;
}
