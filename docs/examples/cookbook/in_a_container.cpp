// Run in a container.
#include <acre/area.hpp>
#include <acre/topology.hpp>

#include <iostream>
#include <memory_resource>
#include <vector>

int main() {
  const acre::topology& machine = acre::topology::system();
  std::cout << "nodes " << machine.nodes() << ", may be used: " << machine.default_nodes() << '\n';

  acre::area pages(acre::placement::interleave(machine.default_nodes()),
                   {.on_denied = acre::on_denied::unbound});
  std::pmr::vector<int> data(1'000'000, 1, &pages);

  const acre::area_status status = pages.status();
  if (!status.as_asked()) std::cout << status << '\n';  // what the container refused
  const bool placed = pages.check_block(data.data(), data.size() * sizeof(int)).ok();
  return placed || !status.bound ? 0 : 1;
}
