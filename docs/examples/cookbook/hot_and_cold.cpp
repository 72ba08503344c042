// What is used all the time in the fastest memory, what is used now and then in the slowest.
#include <acre/check.hpp>
#include <acre/resource_for.hpp>
#include <acre/topology.hpp>

#include <iostream>
#include <memory_resource>
#include <vector>

#include "../require.hpp"

int main() {
  const acre::topology& machine = acre::topology::system();
  const acre::node_id here = machine.local_nodes().first();
  const auto fastest = machine.best(acre::memory_attribute::bandwidth, here);
  const acre::node_id fast = fastest ? fastest->node : here;  // nothing where the firmware tells nothing
  acre::node_id slow = machine.nearest_first(here, machine.default_nodes()).back();
  for (acre::node_id node : machine.default_nodes()) {
    if (machine.kind(node) == acre::memory_kind::cxl) slow = node;
  }

  std::pmr::vector<double> hot(100'000, 0.0, acre::resource_for(acre::placement::prefer({fast})));
  std::pmr::vector<double> cold(1'000'000, 0.0, acre::resource_for(acre::placement::prefer({slow})));
  std::cout << "hot: " << acre::locate(hot.data(), hot.size() * sizeof(double)) << '\n'
            << "cold: " << acre::locate(cold.data(), cold.size() * sizeof(double)) << '\n';

  require(acre::check(hot.data(), hot.size() * sizeof(double), acre::placement::prefer({fast})).ok(),
          "hot data lies in fast memory");
  require(acre::check(cold.data(), cold.size() * sizeof(double), acre::placement::prefer({slow})).ok(),
          "cold data lies in slow memory");
}
