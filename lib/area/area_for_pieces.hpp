// area_for_pieces: an area for who makes the pages himself before anybody has them.
#pragma once

#include <acre/area.hpp>

#include <memory>

namespace acre::inline v1 {

/// A lazy area whose mappings may be placed by making (planned_mapping::placed_by): their pages have to come by
/// make_exact_pages(), piece by piece.
std::unique_ptr<area> area_for_pieces(const placement& where, const area_options& options,
                                      const topology& machine);

}  // namespace acre::inline v1
