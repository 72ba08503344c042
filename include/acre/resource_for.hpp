// resource_for: the process-wide resource of a placement, and the default resource.
#pragma once

#include <acre/export.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include <memory_resource>
#include <system_error>

namespace acre {

/// One pool for each distinct placement and options, made at the first call, never destroyed: blocks may be freed at
/// any time, in static destruction too. Blocks are small or large; each lies on pages of its placement. The machine is
/// topology::system().
/// \param options compared as they are given: a pool with another name is another pool
/// \throws error errc::unsupported_placement for by_page, whose functions cannot be compared, so that each would leave a
///   pool for ever: make a pool_resource of it; what pool_resource's constructor throws; allocation_error
/// \safety any thread, static initialisation and destruction included; fork: the child may go on using it, unless
///   another thread was in the very first call meanwhile
ACRE_API pool_resource* resource_for(const placement& where, const pool_options& options = {});
/// \returns null if there is an error
ACRE_API pool_resource* resource_for(const placement& where, const pool_options& options,
                                     std::error_code& ec) noexcept;
ACRE_API pool_resource* resource_for(const placement& where, std::error_code& ec) noexcept;

/// What default-constructed allocators use: resource_for(placement::unbound()) unless set otherwise.
/// \throws what resource_for() throws, at the first call only
/// \safety any thread
ACRE_API std::pmr::memory_resource* default_resource();
/// \returns null if there is an error
ACRE_API std::pmr::memory_resource* default_resource(std::error_code& ec) noexcept;

/// The same for first_touch_allocator: resource_for(placement::local()) unless another was set, because a pool that
/// keeps touched pages would decide for the threads.
/// \throws as default_resource()
ACRE_API std::pmr::memory_resource* default_first_touch_resource();
/// \returns null if there is an error
ACRE_API std::pmr::memory_resource* default_first_touch_resource(std::error_code& ec) noexcept;

/// \param r the new default; null or the first one: back to the first ones, of default_first_touch_resource() too. It
///   must outlive every allocator that takes it.
/// \returns the old one: set again, everything is as it was
/// \throws as default_resource(); nothing is changed then
/// \safety any thread
ACRE_API std::pmr::memory_resource* set_default_resource(std::pmr::memory_resource* r);
/// \returns null if there is an error
ACRE_API std::pmr::memory_resource* set_default_resource(std::pmr::memory_resource* r,
                                                         std::error_code& ec) noexcept;

}  // namespace acre
