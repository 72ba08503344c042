// placement_options: the options that say where a command's memory lies and where it runs.
#pragma once

#include "cli/arguments.hpp"

#include <acre/placement.hpp>
#include <acre/topology.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace acre_cli {

/// As typed; parsed when the command acts, so that mistakes are told like all others.
struct placement_options {
  std::string option;  ///< "--bind"; empty: no placement was asked for
  std::string text;
  std::optional<std::string> cpus;  ///< an empty text is a mistake, not none
  std::optional<std::string> cpu_nodes;

  bool empty() const { return option.empty() && !cpus && !cpu_nodes; }
};

/// With the spellings of numactl(8). `into` must live as long as they.
std::vector<argument_option> placement_options_of(placement_options& into);

/// \param weights_directory the system's weights, a file nodeN for each node
/// \returns nothing if no placement was asked for; always one that threads can have, as far as can be known
/// \throws acre::error; input_error for two placements; see require_system_weights()
std::optional<acre::placement> placement_of(const placement_options& options, const acre::topology& machine,
                                            const std::filesystem::path& weights_directory);

/// As numactl(8): lists of CPUs choose among those that the caller may run on, lists of nodes among those with a CPU
/// that the cpuset allows.
/// \param may_run_on in increasing order
/// \returns nothing if no CPUs were asked for
/// \throws input_error, also for both ways to ask for them
std::optional<std::vector<unsigned>> cpus_of(const placement_options& options, const acre::topology& machine,
                                             const std::vector<unsigned>& may_run_on);

/// A list of CPUs, see read_list(), of those that the caller may run on.
/// \throws input_error, also for a CPU that is not among them
std::vector<unsigned> parse_cpus(std::string_view text, const std::vector<unsigned>& may_run_on);

}  // namespace acre_cli
