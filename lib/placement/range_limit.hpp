// How many ranges a plan for this process may have.
#pragma once

#include <cstddef>

namespace acre {

/// The default of plan_options::max_ranges, less where vm.max_map_count (read once) leaves less: half of it.
std::size_t range_limit();

}  // namespace acre
