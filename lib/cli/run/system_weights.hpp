// system_weights: the weights of MPOL_WEIGHTED_INTERLEAVE. Linux has them once for all, not for each thread.
#pragma once

#include <acre/placement.hpp>

#include <filesystem>
#include <span>

namespace acre_cli {

inline constexpr const char* system_weights_directory = "/sys/kernel/mm/mempolicy/weighted_interleave";

/// \param directory with a file nodeN for each node
/// \throws input_error unless the system's weights of these nodes are in the ratio of `wanted`: with what is to be
///   written to which file
void require_system_weights(std::span<const acre::node_weight> wanted,
                            const std::filesystem::path& directory);

}  // namespace acre_cli
