// Put a vector on one node.
#include <acre/check.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/topology.hpp>

#include <iostream>
#include <vector>

int main() {
  const acre::node_id node = acre::topology::system().default_nodes().first();  // or the one you want
  const acre::placement where = acre::placement::bind({node});

  std::vector<double, acre::numa_allocator<double>> v(1'000'000, 1.0, where);

  const acre::check_result proof = acre::check(v.data(), v.size() * sizeof(double), where);
  std::cout << proof << '\n';
  return proof ? 0 : 1;
}
