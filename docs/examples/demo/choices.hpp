// choices: which placements are worth a try on a machine.
#pragma once

#include <acre/placement.hpp>
#include <acre/topology.hpp>

#include <string>
#include <vector>

namespace demo {

struct choice {
  acre::placement where;
  std::string meaning;
};

/// As seen from the CPUs of node `here`. A placement is a value: to make one asks the kernel for nothing.
inline std::vector<choice> choices_on(const acre::topology& machine, acre::node_id here) {
  using acre::placement;
  // Those that have memory and that this process may use. Their numbers are the kernel's, and may have gaps.
  const acre::node_set all = machine.default_nodes();
  std::vector<choice> choices{{placement::unbound(), "as if acre were not there"},
                              {placement::local(), "on the node of the CPU that touches a page first"},
                              {placement::bind({here}), "on this node, or not at all"}};
  if (all.size() == 1) return choices;

  const acre::node_id farthest = machine.nearest_first(here, all).back();
  std::vector<acre::node_weight> weights;
  for (const acre::node_id node : all) weights.push_back({node, node == here ? 3u : 1u});
  choices.insert(choices.end(),
                 {{placement::prefer({farthest}), "on the farthest node, elsewhere when it is full"},
                  {placement::interleave(all), "on all nodes in turn, page by page"},
                  {placement::weighted(weights), "on all nodes in turn, three parts on this one"},
                  {placement::blocked(all), "in each large block one run of pages for each node"},
                  {placement::most_free(all), "where most memory is free"}});
  return choices;
}

}  // namespace demo
