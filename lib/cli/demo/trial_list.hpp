// trial_list: the placements that make sense on a machine.
#pragma once

#include "cli/demo/trial.hpp"

#include <acre/topology.hpp>

#include <vector>

namespace acre_demo {

/// For a machine seen from the CPUs of node `here`. One node: only the placements that name none.
std::vector<trial> trials_for(const acre::topology& machine, acre::node_id here);

/// Parts for each of the machine's default nodes: by bandwidth from `here` where it is known for all, else by
/// capacity where that differs, else three for `here` and one for each other.
struct weight_choice {
  std::vector<acre::node_weight> weights;
  std::string by;
};
weight_choice choose_weights(const acre::topology& machine, acre::node_id here);

}  // namespace acre_demo
