// The node of each page of an array, once per placement, as the kernel tells: a picture of what placements do.
#include <acre/acre.hpp>

#include <cstring>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <vector>

#include "require.hpp"

namespace {

using namespace acre::literals;
using acre::placement;

void show(const placement& where) {
  constexpr std::size_t bytes = 256_KiB;
  acre::area pages(where);
  void* const p = pages.allocate(bytes);
  std::memset(p, 1, bytes);
  std::cout << std::left << std::setw(34) << where.to_string();
  for (int node : acre::locate_pages(p, bytes)) std::cout << ' ' << node;
  std::cout << '\n';
  require(pages.check_block(p, bytes).ok(), "the pages lie as the placement says");
  pages.deallocate(p, bytes);
}

std::vector<acre::node_weight> falling_weights(const acre::node_set& nodes) {
  std::vector<acre::node_weight> weights;
  for (acre::node_id node : nodes) {
    weights.push_back({node, static_cast<unsigned>(nodes.size() - weights.size())});
  }
  return weights;
}

}  // namespace

int main() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  show(placement::local());
  show(placement::bind({*std::next(nodes.begin(), static_cast<int>(nodes.size() / 2))}));
  show(placement::interleave(nodes));
  show(placement::interleave(nodes, 16_KiB));
  show(placement::weighted(falling_weights(nodes), acre::chunk::page));
  show(placement::blocked(nodes));
}
