// cpu_table: which of the nodes that have pools each CPU allocates from.
#pragma once

#include <acre/node_set.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace acre::inline v1 {

/// The node itself if `served` has it, else the one of `served` that is nearest to it.
/// \param served not empty
/// \throws error errc::unknown_node
node_id served_node_near(node_id node, const topology& machine, const node_set& served);

/// For each CPU number below `possible`, and up to the machine's largest online one, served_node_near() the CPU's own node.
/// Nothing for CPUs of which the machine does not know the node, as those that are not online: they may come later.
/// \param served not empty
std::vector<std::optional<node_id>> served_node_of_each_cpu(const topology& machine, const node_set& served,
                                                            std::size_t possible = 0);

}  // namespace acre::inline v1
