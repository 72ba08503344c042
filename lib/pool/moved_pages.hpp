// moved_pages: brings pages home that migrate() moved away while a block of a pool had them.
#pragma once

#include <acre/area.hpp>

#include "placement/owned_ranges.hpp"

namespace acre::inline v1 {

/// Sets the policy again that a part had, and moves what pages are there to where it says.
/// \param how eager: all pages are to be there
/// \throws error errc::node_full, EBUSY: pages of a hard policy stay elsewhere; what apply() throws
void bring_home(displaced_part part, commit how);

}  // namespace acre::inline v1
