// exact_block: which blocks of hard memory need no policy for each range, because their pages are made where they
// belong.
#pragma once

#include <acre/area.hpp>
#include <acre/mapping.hpp>
#include <acre/placement.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <memory>

#include "placement/planned_mapping.hpp"

namespace acre::inline v1 {

/// Where such a block is best begun, so that its chunks are those that the kernel has: huge pages, or its round robin
/// by page. 1: anywhere. Small blocks lie side by side, and are one mapping for the kernel.
std::size_t chunk_alignment(const placement& where, std::size_t bytes, page_kind kind);

/// Plans a fresh mapping to be placed by making, and refuses huge pages where those would reach over the ends of
/// ranges.
/// \param aligned what it was aligned to: blocks that do not lie side by side count in the budget
/// \returns false where a policy for each range is as good: they are few, and so long that huge pages matter, which
///   their ends would be in the middle of
/// \throws error what planned_mapping::plan_by_making() throws
bool plan_exact_block(planned_mapping& block, std::size_t aligned, const topology& machine);

/// A lazy area whose mappings may be placed by making (planned_mapping::placed_by): their pages have to come by
/// make_exact_pages(), piece by piece.
std::unique_ptr<area> area_for_pieces(const placement& where, const area_options& options,
                                      const topology& machine);

/// area_status::bound, which the constructor has found out: no look at the kernel, as status() takes.
bool is_bound(const area& pages) noexcept;

}  // namespace acre::inline v1
