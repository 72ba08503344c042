// planned_ranges: what mappings of this process were planned as, by address, for whoever asks about a part of one.
#pragma once

#include <cstddef>
#include <memory>

#include "placement/planned_mapping.hpp"

namespace acre::inline v1 {

/// Only mappings whose address and size do not tell everything are in here: where they begin decides where their
/// pages lie (layout::position), or they may have smaller pages than others of their area. All others cost nothing.
/// \safety all functions from any thread; a forked child has those of its parent
namespace planned_ranges {

/// Notes what a new mapping was planned as. What was known of other mappings there is forgotten: they are gone.
/// \throws std::bad_alloc
void add(planned_mapping what);
/// What the mapping was planned as in which the whole range lies; null if nobody knows.
std::shared_ptr<const planned_mapping> around(const void* p, std::size_t bytes) noexcept;
/// What around() gives, if the mapping is placed by making; else null.
std::shared_ptr<const planned_mapping> exact_around(const void* p, std::size_t bytes) noexcept;
/// Forgets a mapping, to be called before it is unmapped. \returns null if `owner` has none that begins there
std::shared_ptr<const planned_mapping> remove(const void* p, const void* owner) noexcept;

}  // namespace planned_ranges

}  // namespace acre::inline v1
