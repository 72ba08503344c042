// A table that is read all the time and never changes: each node has a copy of its own.
#include <acre/check.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/topology.hpp>

#include <iostream>
#include <map>
#include <numeric>
#include <vector>

#include "../require.hpp"

int main() {
  using table = std::vector<int, acre::numa_allocator<int>>;
  std::vector<int> original(100'000);
  std::iota(original.begin(), original.end(), 0);

  const acre::topology& machine = acre::topology::system();
  std::map<acre::node_id, table> copies;
  for (acre::node_id node : machine.default_nodes()) {
    copies.emplace(node, table(original.begin(), original.end(), acre::placement::bind({node})));
  }

  // Each thread asks once, and keeps what it gets.
  const table& mine = copies.at(machine.local_nodes().first());
  std::cout << mine[42] << " of " << acre::locate(mine.data(), mine.size() * sizeof(int)) << '\n';

  require(mine[42] == 42, "the copy has what the original has");
  for (const auto& [node, copy] : copies) {
    const acre::placement where = acre::placement::bind({node});
    require(acre::check(copy.data(), copy.size() * sizeof(int), where).ok(), "each lies on its node");
  }
}
