// probe: what an area can have here, found out on a scratch page when the area is made.
#pragma once

#include <acre/area.hpp>

#include <string>
#include <vector>

namespace acre::inline v1 {

struct probe_result {
  bool bound = true;
  bool is_populated = false;  ///< see policy_probe
  acre::page_kind page_kind =
      acre::page_kind::system;  ///< the largest that this system may have, of those allowed
  std::string installed;        ///< empty for what probe_policy() finds out: it may change
  std::vector<downgrade> downgrades;
};

/// What a placement gets from the kernel now, found out on a scratch page.
struct policy_probe {
  /// mlockall(2) with MCL_FUTURE: pages exist before anybody can say where.
  bool is_populated = false;
  std::string installed;
  std::vector<downgrade> downgrades;
};
/// \throws error what apply() throws
policy_probe probe_policy(const placement& where, const area_options& options, const topology& machine);

/// \throws error as area's constructor
probe_result probe(const placement& where, const area_options& options, const topology& machine);

}  // namespace acre::inline v1
