#include "placement/range_limit.hpp"

#include <acre/plan.hpp>

#include <algorithm>

#include "sys/files.hpp"

namespace acre {

std::size_t range_limit() {
  static const std::size_t limit =
      std::min(plan_options{}.max_ranges, std::max<std::size_t>(sys::max_map_count() / 2, 1));
  return limit;
}

}  // namespace acre
