// What acre-demo found out, as plain data: trials and machine go in, the reports write it out.
#pragma once

#include "cli/common/text.hpp"

#include <acre/locate.hpp>
#include <acre/node_set.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace acre_demo {

using acre_cli::counted;
using acre_cli::format_count;

struct corpus_summary {
  std::string source;  ///< what was read, in words
  std::size_t files = 0;
  std::size_t bytes = 0;
  std::size_t skipped = 0;  ///< binary files met in directories
};

struct node_row {
  acre::node_id node = 0;
  std::optional<std::uint64_t> capacity;  ///< nothing: not known
  std::optional<std::uint64_t> free;
  std::string cpus;  ///< "0-3,8"; empty for memory-only nodes
  std::string kind;
  bool allowed = true;
};

/// A value for each pair of nodes; rows: from, columns: to, both in the order of machine_summary::nodes.
struct node_matrix {
  std::vector<std::vector<std::optional<std::uint64_t>>> rows;
  bool known() const noexcept;
};

struct machine_summary {
  std::vector<node_row> nodes;
  node_matrix distance;
  node_matrix bandwidth;              ///< MiB/s
  node_matrix latency;                ///< ns
  std::optional<acre::node_id> here;  ///< on whose CPUs the trials ran
};

/// Pages of the two data structures on one node.
struct node_share {
  acre::node_id node = 0;
  std::size_t index_pages = 0;
  std::size_t number_pages = 0;
  std::size_t pages() const noexcept { return index_pages + number_pages; }
};

struct trial_result {
  std::string placement;
  std::string meaning;  ///< in a few words
  /// Why there is nothing else: the kernel or the machine would not have it.
  std::string refused;
  std::vector<node_share> shares;
  std::size_t untouched = 0;
  std::size_t page_size = 4096;
  std::size_t mapped = 0;  ///< bytes at the peak
  bool agrees = false;
  std::string difference;               ///< what check says where it does not agree
  std::vector<std::string> downgrades;  ///< what the area could not get, and why
  double index_build = 0;               ///< seconds, as all times
  double numbers_build = 0;
  double index_scan = 0;
  double numbers_scan = 0;
  std::uint64_t checksum = 0;

  std::size_t pages() const noexcept;
  double build() const noexcept { return index_build + numbers_build; }
  double scan() const noexcept { return index_scan + numbers_scan; }
};

struct report {
  corpus_summary corpus;
  std::size_t words = 0;
  std::size_t positions = 0;
  std::size_t index_bytes = 0;
  std::size_t number_bytes = 0;
  std::vector<trial_result> trials;
  machine_summary machine;
};

/// "412 ms", "1.21 s", "38 us".
std::string format_seconds(double seconds);
/// Bytes, "?" where nobody tells.
std::string format_known(const std::optional<std::uint64_t>& bytes);
/// \throws std::runtime_error if two trials read different data back
void require_same_data(const report& r);
/// Shown where a machine has one node; empty elsewhere.
std::string one_node_note(const machine_summary& machine);
/// What the numbers are and how they were taken.
std::vector<std::string> method_notes(const report& r);

}  // namespace acre_demo
