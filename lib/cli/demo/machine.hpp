// machine: what the topology knows about the nodes, as data for the reports.
#pragma once

#include "cli/common/text.hpp"
#include "cli/demo/report.hpp"

#include <acre/topology.hpp>

#include <optional>
#include <string>
#include <vector>

namespace acre_demo {

using acre_cli::format_cpus;

machine_summary describe(const acre::topology& machine, std::optional<acre::node_id> here);

/// Keeps the calling thread on the CPUs of the node it runs on now, so that all trials start from the same
/// place. \returns that node; nothing where the kernel does not allow it or the node is unknown
std::optional<acre::node_id> stay_on_this_node(const acre::topology& machine);

}  // namespace acre_demo
