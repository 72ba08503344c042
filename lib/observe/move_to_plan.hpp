// move_to_plan: the second half of migrate(): moves pages, installs no policies.
#pragma once

#include <acre/migrate.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

namespace acre::inline v1 {

/// Moves those of the plan's pages that exist, each to the node the plan says.
/// \param p the start of a page, for the plan's bytes
/// \throws error what migrate() throws but for what apply() does
migration move_to_plan(void* p, const plan& wanted, const topology& machine);

}  // namespace acre::inline v1
