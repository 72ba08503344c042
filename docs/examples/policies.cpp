// Every placement of docs/policies.md: mapped, touched and checked; and what a plan tells without any of
// that.
#include <acre/acre.hpp>

#include <cstring>
#include <iostream>
#include <vector>

#include "require.hpp"

namespace {

using namespace acre::literals;
using acre::placement;

std::vector<placement> every_placement(const acre::node_set& nodes) {
  std::vector<acre::node_weight> weights;
  for (acre::node_id n : nodes) weights.push_back({n, weights.empty() ? 3U : 1U});
  const auto alternate = [nodes](std::size_t page, std::size_t) {
    auto n = nodes.begin();
    for (std::size_t i = page % nodes.size(); i != 0; --i) ++n;
    return *n;
  };

  return {
      placement::unbound(),
      placement::local(),
      placement::bind(nodes),
      placement::prefer(nodes),
      placement::prefer({nodes.first()}),
      placement::interleave(nodes),
      placement::interleave(nodes, 64_KiB),
      placement::interleave(nodes).hard(),
      placement::interleave(nodes, acre::chunk::page).hard(),
      placement::weighted(weights, 16_KiB),
      placement::blocked(nodes),
      placement::blocked(weights).soft(),
      placement::most_free(nodes, 256_KiB),
      placement::by_page(alternate, nodes),
  };
}

void map_touch_and_check(const placement& where) {
  constexpr std::size_t bytes = 1_MiB;
  acre::area pages(where);
  void* const p = pages.allocate(bytes);
  std::memset(p, 1, bytes);
  const acre::check_result result = pages.check_block(p, bytes);
  std::cout << where << " (" << pages.status().installed << "): " << result << '\n';
  require(result.ok(), "the pages lie as the placement says");
  pages.deallocate(p, bytes);
}

void weights_of_the_system(const acre::node_set& nodes) {
  try {
    acre::area pages(placement::weighted_by_system(nodes));
    std::cout << pages.where() << ": " << pages.status() << '\n';
  } catch (const acre::error& e) {
    // Linux < 6.9 has no MPOL_WEIGHTED_INTERLEAVE.
    require(e.code() == acre::errc::unsupported_placement, "the error says why");
    std::cout << e.what() << '\n';
  }
}

void hard_and_soft() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  const acre::placement soft = acre::placement::bind(nodes).soft();    // equals prefer(nodes)
  const acre::placement hard = acre::placement::prefer(nodes).hard();  // equals bind(nodes)

  require(soft == placement::prefer(nodes), "soft bind is prefer");
  require(hard == placement::bind(nodes), "hard prefer is bind");
  require(placement::interleave(nodes).hard().to_string() == "interleave " + nodes.to_string() + " hard",
          "strictness is written where it is not the strategy's own");
}

void chunks() {
  using namespace acre::literals;
  const acre::topology two = acre::topology::from_synthetic("numa:2 core:1 pu:1");
  const acre::placement three_to_one = acre::placement::weighted({{0, 3}, {1, 1}});

  const acre::plan fine = acre::make_plan(three_to_one, 1_MiB, two);              // chunks of 4 KiB
  const acre::plan coarse = acre::make_plan(three_to_one, 16_GiB, two);           // of 16 MiB
  const acre::plan given = acre::make_plan(three_to_one.by(2_MiB), 16_GiB, two);  // of 2 MiB, as it says

  require(fine.chunk == 4_KiB && coarse.chunk == 16_MiB,
          "automatic chunks grow with what they are chunks of");
  require(given.chunk == 2_MiB && given.ranges.size() == 4096, "those that are given stay as they are");
}

void plan_without_touching_anything() {
  const acre::topology four = acre::topology::from_synthetic("numa:4 core:2 pu:1");
  const acre::placement where = acre::placement::parse("weighted 0:3,2:1 by 4KiB");
  const acre::plan plan = acre::make_plan(where, 65536, four);
  for (const acre::plan_range& range : plan.ranges) {
    std::cout << range.offset << " +" << range.length << ": " << range.policy << '\n';
  }

  require(plan.ranges.size() == 8, "four rounds of two runs");
  require(plan.at(12_KiB).policy.nodes == acre::node_set{2}, "the fourth page goes to node 2");
}

}  // namespace

int main() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  for (const placement& where : every_placement(nodes)) map_touch_and_check(where);
  weights_of_the_system(nodes);
  hard_and_soft();
  chunks();
  plan_without_touching_anything();
}
