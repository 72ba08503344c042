// machine_report: what `acre nodes` shows, as data, as text and as JSON.
#pragma once

#include "cli/terminal.hpp"
#include "process/system_files.hpp"

#include <acre/topology.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace acre_cli {

/// What is nothing is not known.
struct node_row {
  acre::node_id node = 0;
  std::string kind = {};                       ///< acre::memory_kind as text
  std::optional<std::uint64_t> capacity = {};  ///< bytes; 0: a node without memory
  std::optional<std::uint64_t> free = {};
  std::optional<std::uint64_t> reclaimable = {};
  std::optional<std::vector<unsigned>> cpus = {};
  bool allowed = true;  ///< memory may be placed there
  std::optional<std::vector<acre::huge_pool>> huge_pages = {};
};

/// rows[i][j] goes from the CPUs of the i-th node to the memory of the j-th.
using node_table = std::vector<std::vector<std::optional<std::uint64_t>>>;

struct machine_report {
  bool is_this_system = true;  ///< false: out of a file, nothing is known of free memory and huge pages
  std::vector<node_row> nodes;
  node_table distances;
  node_table bandwidth;                   ///< MiB/s
  node_table latency;                     ///< ns
  std::vector<std::string> unknown = {};  ///< what is not known and why, a sentence for each reason
};

machine_report describe(const acre::topology& machine, const acre::system_files& files);

/// Lines of at most `width` columns; with 80 the distances of 16 nodes are one table.
std::string to_text(const machine_report& report, std::size_t width, const text_style& style);

/// Keys are promised to users; bytes are integers, what is not known is null.
nlohmann::ordered_json to_json(const machine_report& report);

/// What `report` lacks and why, as far as files that are missing or may not be read explain it.
std::vector<std::string> what_is_unknown(const machine_report& report, const acre::system_files& files);

/// True if any value is there.
bool is_known(const node_table& table);

}  // namespace acre_cli
