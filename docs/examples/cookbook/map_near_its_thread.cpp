// A map whose entries lie on the node of the thread that makes it.
#include <acre/check.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/topology.hpp>

#include <functional>
#include <iostream>
#include <map>
#include <utility>

#include "../require.hpp"

int main() {
  const acre::node_id here = acre::topology::system().local_nodes().first();  // the nearest to this thread
  const acre::placement where = acre::placement::prefer({here});

  using entry = std::pair<const int, double>;
  std::map<int, double, std::less<>, acre::numa_allocator<entry>> orders(where);
  for (int i = 0; i != 1000; ++i) orders[i] = 0.5 * i;

  std::cout << "the first entry: " << acre::locate(&*orders.begin(), sizeof(entry)) << '\n';

  for (const entry& e : orders) require(acre::check(&e, sizeof e, where).ok(), "each entry is near");
}
