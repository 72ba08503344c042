// The steps of docs/quickstart.md in one program.
#include <acre/acre.hpp>

#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "require.hpp"

namespace {

void look_at_the_machine() {
  const acre::topology& machine = acre::topology::system();
  for (acre::node_id node : machine.default_nodes()) {
    std::cout << "node " << node << " (" << to_string(machine.kind(node))
              << "): " << machine.cpus(node).size() << " CPUs";
    if (const auto memory = machine.memory(node)) {  // nothing where a sandbox hides /sys
      std::cout << ", " << acre::format_bytes_rounded(memory->total) << ", "
                << acre::format_bytes_rounded(memory->free) << " free";
    }
    std::cout << '\n';
  }

  require(!machine.default_nodes().empty(), "there is a node to use");
}

void place_a_large_array() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::area pages(acre::placement::interleave(nodes));
  std::pmr::vector<double> matrix(1 << 20, 0.0, &pages);

  const std::size_t bytes = matrix.size() * sizeof(double);
  std::cout << pages.where() << ": " << acre::locate(matrix.data(), bytes) << '\n';
  std::cout << pages.check_block(matrix.data(), bytes) << '\n';

  require(acre::locate(matrix.data(), bytes).untouched == 0, "a filled vector has all its pages");
  require(pages.check_block(matrix.data(), bytes).ok(), "the array is interleaved");
}

void place_small_objects() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  const acre::placement where = acre::placement::prefer({nodes.first()});
  using entry = std::pair<const std::string, int>;
  std::map<std::string, int, std::less<>, acre::numa_allocator<entry>> ages(where);

  ages["Ada"] = 36;
  ages["Konrad"] = 85;
  std::cout << "an entry lies on " << acre::locate(&*ages.begin(), sizeof(entry)) << '\n';

  require(acre::locate(&*ages.begin(), sizeof(entry)).untouched == 0, "an entry is somewhere");
}

void read_a_placement_from_a_user() {
  const acre::placement where = acre::placement::parse("interleave all by 2MiB");
  std::cout << where << '\n';

  require(acre::placement::parse(where.to_string()) == where, "a placement's text can be read back");
}

void move_it() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::area pages(acre::placement::interleave(nodes));
  std::pmr::vector<char> data(4 << 20, 'x', &pages);

  const acre::placement there = acre::placement::bind({nodes.first()});
  std::cout << acre::migrate(data.data(), data.size(), there) << '\n';

  require(acre::check(data.data(), data.size(), there).ok(), "the pages moved");
}

}  // namespace

int main() {
  look_at_the_machine();
  place_a_large_array();
  place_small_objects();
  read_a_placement_from_a_user();
  move_it();
}
