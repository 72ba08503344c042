// What /sys/devices/system/node tells and hwloc does not.
#pragma once

#include <acre/node_set.hpp>

#include <optional>
#include <vector>

namespace acre {

/// The nodes that are online, with or without memory; nothing without NUMA support in the kernel.
std::optional<std::vector<unsigned>> online_nodes();
/// The online CPUs of a node.
std::optional<std::vector<unsigned>> cpus_of_node(node_id node);
/// The distances from a node to the online nodes, in their order.
std::optional<std::vector<unsigned>> distances_of_node(node_id node);

/// Reads the kernel's lists of numbers: "0-3,8". Nothing for another text.
std::optional<std::vector<unsigned>> parse_kernel_list(std::string_view text);

}  // namespace acre
