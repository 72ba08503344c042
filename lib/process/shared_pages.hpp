// shared_pages: how much of its mappings' pages is a process's own, where others map them too.
#pragma once

#include <acre/binding_of.hpp>

#include <cstddef>
#include <vector>

#include "process/process_smaps.hpp"

namespace acre::inline v1 {

/// Pages of a process, in base pages.
struct process_pages {
  std::vector<node_pages> per_node;  ///< a page that N processes map counts 1/N, rounded in each node
  std::size_t mapped = 0;            ///< each counts 1
};

/// Reads smaps where mappings with shared pages have a tenth of all pages or more. It takes as long
/// as binding_of() does; where they have less, 1/N of the page that most map is near enough for all of one.
process_pages pages_of(const process_binding& binding);

/// \param smaps of the same process; 1/N of the page that most map where a mapping is not among them
process_pages pages_of(const process_binding& binding, const process_smaps& smaps);

}  // namespace acre::inline v1
