// How many pages of some data are far from the thread that works on them, and how far.
#include <acre/apply.hpp>
#include <acre/locate.hpp>
#include <acre/thread_binding.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <iostream>
#include <iterator>
#include <vector>

#include "../require.hpp"

int main() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  const acre::node_id last = *std::next(nodes.begin(), static_cast<std::ptrdiff_t>(nodes.size()) - 1);
  const acre::thread_binding scope(acre::placement::prefer({last}));

  std::vector<double> data(1'000'000, 1.0);  // of malloc: it lies where it was first touched

  const acre::topology& machine = acre::topology::system();
  const acre::node_id here = machine.local_nodes().first();  // asked by the thread that is slow
  const acre::residency where = acre::locate(data.data(), data.size() * sizeof(double));
  std::cout << "this thread is at node " << here << ", data lies on " << where << '\n';
  for (const acre::node_pages& part : where.per_node) {
    const auto distance = machine.distance(here, part.node);  // 10 is local
    if (part.node != here && distance) std::cout << part.pages << " pages at distance " << *distance << '\n';
  }
  std::cout << "policy of data: " << acre::installed_policy(data.data())
            << ", of this thread: " << acre::current_binding() << '\n';

  require(where.on(last) + 1 >= where.pages, "pages are found where they were put");
  require(acre::current_binding() == scope.policy(), "and the policy of the thread that put them there");
}
