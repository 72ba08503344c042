// shared_pages: how much of its mappings' pages is a process's own, where others map them too.
#pragma once

#include <acre/binding_of.hpp>

#include <cstdint>
#include <istream>
#include <map>
#include <string>
#include <vector>

namespace acre_cli {

/// Pages of a process, in base pages.
struct process_pages {
  std::vector<acre::node_pages> per_node;  ///< a page that N processes map counts 1/N, rounded in each node
  std::size_t mapped = 0;                  ///< each counts 1
};

/// For each mapping, by its address: its pages, if one that N processes map counts 1/N, divided by its pages.
using page_shares = std::map<std::uintptr_t, double>;

/// \param smaps as /proc/PID/smaps; mappings without pages, or with hugetlb pages, have none
page_shares read_shares(std::istream& smaps);

/// Reads smaps where mappings with shared pages have a tenth of all pages or more. It takes as long
/// as binding_of() does; where they have less, 1/N of the page that most map is near enough for all of one.
process_pages pages_of(const acre::process_binding& binding);

/// The same with shares that are known.
process_pages pages_of(const acre::process_binding& binding, const page_shares& shares);

}  // namespace acre_cli
