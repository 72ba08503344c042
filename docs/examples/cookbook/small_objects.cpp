// Small objects that lie on the node of the thread that makes them, whoever frees them.
#include <acre/locate.hpp>
#include <acre/node_pools.hpp>

#include <iostream>
#include <list>
#include <memory_resource>
#include <optional>
#include <thread>

#include "../require.hpp"

int main() {
  acre::node_pools pools;  // one for each node
  std::pmr::list<int> jobs(&pools);
  for (int i = 0; i != 1000; ++i) jobs.push_back(i);  // each from the node this thread runs on then

  const std::optional<acre::node_id> owner = pools.owner(&jobs.front());
  std::cout << "the first job belongs to the pool of node " << *owner << ": " << pools.resident() << '\n';

  const acre::node_set lies_on = acre::locate(&jobs.front(), sizeof(int)).nodes();
  require(lies_on == acre::node_set{*owner}, "a block lies on the node that owns it");
  std::jthread([&] { jobs.clear(); }).join();  // goes back to the owners' pools
  require(pools.statistics().live_blocks == 0, "everything was given back");
}
