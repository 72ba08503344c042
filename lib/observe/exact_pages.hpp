// exact_pages: pages of one mapping, each made on the node that a plan has for it, under one policy in the end.
#pragma once

#include <acre/migrate.hpp>
#include <acre/node_set.hpp>
#include <acre/topology.hpp>

#include <cstddef>

#include "placement/planned_mapping.hpp"

namespace acre::inline v1 {

/// Prefers the nodes: pages that do not fit spill, where bind would end in the OOM killer. \returns 0 or errno
int prefer_for_now(void* p, std::size_t bytes, const node_set& nodes) noexcept;

/// For a fresh mapping that is placed by making (planned_mapping::placed_by): gives it the one policy, and makes its
/// first page. Parts of it that make_exact_pages() divides for a moment are one mapping again then, and so are
/// neighbours.
/// \throws error what apply() throws
void prepare_exact_pages(const planned_mapping& as, const topology& machine);

/// Makes the pages of bytes [from, from + length) exist where the plan has them. They are not read or written. Some
/// mappings more exist meanwhile: as many as ranges are worked on at a time. Nobody uses pages of the part yet: where
/// some cannot be made at once, all are made anew.
/// \throws error what prefault() throws; some pages may exist then, and may lie elsewhere
void make_exact_pages(const planned_mapping& as, std::size_t from, std::size_t length,
                      const topology& machine);

/// Makes those of them that are not there. What is there is not given back meanwhile, as it may be: others may have
/// parts of those pages.
/// \throws error what prefault() throws
void complete_exact_pages(const planned_mapping& as, std::size_t from, std::size_t length,
                          const topology& machine);

/// Moves pages of bytes [from, from + length) that lie elsewhere to where the plan has them, as migrate() does; all
/// of it has the one policy afterwards.
/// \throws error what apply() and migrate() throw
migration bring_exact_pages_home(const planned_mapping& as, std::size_t from, std::size_t length,
                                 const topology& machine);

}  // namespace acre::inline v1
