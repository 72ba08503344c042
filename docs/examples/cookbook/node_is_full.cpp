// bind says that a node is full, prefer goes on elsewhere.
#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <iostream>
#include <optional>
#include <vector>

#include "../require.hpp"

int main() {
  const acre::topology& machine = acre::topology::system();
  const acre::node_id node = machine.default_nodes().first();
  const auto memory = machine.memory(node);
  const std::size_t all_of_it = memory ? memory->total : std::size_t{1} << 46;

  using buffer = std::vector<char, acre::numa_allocator<char>>;
  buffer data(acre::placement::bind({node}));
  try {
    data.reserve(all_of_it);
  } catch (const acre::allocation_error& e) {
    std::cerr << e.what() << '\n';  // what was asked for, where, and what is missing
    if (e.code() != acre::errc::node_full && e.code() != acre::errc::out_of_memory) throw;
    data = buffer(acre::placement::prefer({node}));  // the rest may lie elsewhere
  }
  data.resize(1 << 20);

  const acre::placement where = acre::placement::prefer({node});
  require(data.get_allocator().resource() == acre::numa_allocator<char>(where).resource(), "bind has failed");
  require(acre::check(data.data(), data.size(), where).ok(), "a little has room there");
}
