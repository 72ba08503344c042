// Move data that lies wrong.
#include <acre/migrate.hpp>

#include <iostream>
#include <vector>

int main() {
  std::vector<double> data(1'000'000, 1.0);  // malloc's: it lies where this thread ran

  const acre::placement where = acre::placement::interleave(acre::topology::system().default_nodes());
  const acre::migration moved = acre::migrate(data.data(), data.size() * sizeof(double), where);
  std::cout << moved << '\n';
  return moved.failed() == 0 && moved.untouched == 0 ? 0 : 1;
}
