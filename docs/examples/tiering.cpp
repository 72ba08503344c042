// Moves data between a near and a far node while it is in use: what a tiering policy is made of.
#include <acre/acre.hpp>

#include <iostream>
#include <vector>

#include "require.hpp"

namespace {

struct tiers {
  acre::node_id near;
  acre::node_id far;
};

/// Near: a node of the CPU we run on. Far: the most distant node, the same one on a machine with one node.
tiers choose_tiers(const acre::topology& machine) {
  const acre::node_id near = machine.local_nodes().first();
  return {near, machine.nearest_first(near, machine.default_nodes()).back()};
}

void move_and_prove(void* p, std::size_t bytes, acre::node_id node) {
  const acre::placement where = acre::placement::prefer({node});
  const acre::migration moved = acre::migrate(p, bytes, where);
  std::cout << "to node " << node << ": " << moved << '\n';
  if (moved.failed() != 0) std::cout << "first at byte " << *moved.first_failed << '\n';
  require(moved.failed() == 0, "nothing pins these pages and the node has room");
  require(acre::check(p, bytes, where).ok(), "the pages lie where they were moved to");
}

}  // namespace

int main() {
  const auto [near, far] = choose_tiers(acre::topology::system());
  acre::area pages(acre::placement::prefer({near}));
  std::pmr::vector<int> data(1 << 20, 5, &pages);
  const std::size_t bytes = data.size() * sizeof(int);

  move_and_prove(data.data(), bytes, far);   // cold
  move_and_prove(data.data(), bytes, near);  // hot again
  require(data.front() == 5 && data.back() == 5, "contents are kept");
}
