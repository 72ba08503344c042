// machine_report: what `acre nodes` shows, as data.
#pragma once

#include "cli/acre/system_files.hpp"

#include <acre/topology.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace acre_cli {

struct node_row {
  acre::node_id node = 0;
  std::string kind;                       ///< acre::memory_kind as text
  std::optional<std::uint64_t> capacity;  ///< bytes; 0: a node without memory; nothing: not known
  std::optional<std::uint64_t> free;
  std::optional<std::uint64_t> reclaimable;
  std::vector<unsigned> cpus;
  bool allowed = true;  ///< memory may be placed there
  std::vector<huge_pool> huge_pages;
};

/// rows[i][j] goes from the CPUs of the i-th node to the memory of the j-th.
using node_table = std::vector<std::vector<std::optional<std::uint64_t>>>;

struct machine_report {
  bool is_this_system = true;  ///< false: out of a file, nothing is known of free memory and huge pages
  bool has_sys = true;         ///< false: /sys cannot be read, nothing is known of huge pages
  std::vector<node_row> nodes;
  node_table distances;
  node_table bandwidth;  ///< MiB/s
  node_table latency;    ///< ns
};

machine_report describe(const acre::topology& machine, const system_files& files);

/// True if any node has CPUs: else nothing told which.
bool cpus_are_known(const machine_report& report);

/// True if any value is there.
bool is_known(const node_table& table);

}  // namespace acre_cli
