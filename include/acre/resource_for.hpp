/// \file
/// The process-wide resource of a placement.
#pragma once

#include <acre/default_resource.hpp>
#include <acre/export.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include <system_error>

namespace acre::inline v1 {

/// One pool for each distinct placement and options, made at the first call, never destroyed: blocks may be freed at
/// any time, in static destruction too. Blocks are small or large; each lies on pages of its placement. The machine is
/// topology::system().
/// \param where the placement of all blocks
/// \param options compared as they are given: a pool with another name is another pool
/// \throws error errc::unsupported_placement for by_page, whose functions cannot be compared, so that each would
///   leave a pool for ever: make a pool_resource of it; what pool_resource's constructor throws; allocation_error
/// \safety any thread, static initialisation and destruction included; fork: the child may go on using it, unless
///   another thread was in the very first call meanwhile
[[nodiscard]] ACRE_API pool_resource* resource_for(const placement& where, const pool_options& options = {});
/// The same, with the error in `ec`: null then.
[[nodiscard]] ACRE_API pool_resource* resource_for(const placement& where, const pool_options& options,
                                                   std::error_code& ec) noexcept;
/// The same, with the error in `ec`: null then.
[[nodiscard]] ACRE_API pool_resource* resource_for(const placement& where, std::error_code& ec) noexcept;

}  // namespace acre::inline v1
