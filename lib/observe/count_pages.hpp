// count_pages: how many pages of a range lie on each node and, where that is asked for, which.
#pragma once

#include <acre/locate.hpp>

#include <span>

#include "observe/page_range.hpp"

namespace acre::inline v1 {

/// Looks at each base page once, and at each huge page once where the kernel tells which are huge.
/// \param nodes becomes the node of each page, as page_looker::look() has it, if there are as many as pages; may be
///   empty. Where the answer is per mapping, pages that are counted on a node may be node_not_told here
/// \throws error what page_looker::look() throws
residency count_pages(const page_range& range, std::span<int> nodes = {});

}  // namespace acre::inline v1
