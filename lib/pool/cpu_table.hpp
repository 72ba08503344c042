// cpu_table: which of the nodes that have pools each CPU allocates from.
#pragma once

#include <acre/node_set.hpp>
#include <acre/topology.hpp>

#include <vector>

namespace acre {

/// For each CPU number up to the machine's largest online one: the CPU's own node if `served` has it, else the one of
/// `served` that is nearest to it; for CPUs that are not online, the first.
/// \param served not empty
std::vector<node_id> served_node_of_each_cpu(const topology& machine, const node_set& served);

}  // namespace acre
