// node_files: what the kernel tells of nodes now, and hwloc does not, or told once.
#pragma once

#include <acre/error.hpp>
#include <acre/node_set.hpp>

#include <optional>
#include <vector>

namespace acre::inline v1 {

/// The nodes that are online, with or without memory; nothing without NUMA support in the kernel.
std::optional<std::vector<unsigned>> online_nodes();
/// The online CPUs of a node.
std::optional<std::vector<unsigned>> cpus_of_node(node_id node);
/// The node of an online CPU; nothing where the kernel does not tell. For the CPU of the calling thread /sys is not
/// needed.
std::optional<node_id> node_of_cpu_now(unsigned cpu) noexcept;
/// The distances from a node to the online nodes, in their order.
std::optional<std::vector<unsigned>> distances_of_node(node_id node);

/// Between two nodes; nothing where the kernel does not tell.
std::optional<unsigned> distance_now(node_id from, node_id to);

/// The nodes that the calling thread's cpuset allows now, all of which have memory; nothing where the kernel does not
/// tell. Some 0.3 us, unless get_mempolicy(2) is refused.
std::optional<node_set> allowed_now();

/// Why memory of `node` cannot be used now though the topology says so: it is gone, or has lost its memory, or the
/// cpuset forbids it. \returns the error to be thrown, which says what would be right
/// \param allowed what allowed_now() said
error no_longer_usable(node_id node, const node_set& allowed);

/// Reads the kernel's lists of numbers: "0-3,8". Nothing for another text.
std::optional<std::vector<unsigned>> parse_kernel_list(std::string_view text);

}  // namespace acre::inline v1
