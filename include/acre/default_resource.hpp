/// \file
/// What allocators use that are told nothing.
#pragma once

#include <acre/export.hpp>

#include <memory_resource>
#include <system_error>

namespace acre::inline v1 {

/// What default-constructed allocators use: resource_for(placement::unbound()) unless set otherwise.
/// \throws failure what resource_for() throws, at the first call only
/// \safety any thread
[[nodiscard]] ACRE_API std::pmr::memory_resource* default_resource();
/// The same, with the error in `ec`: null then.
[[nodiscard]] ACRE_API std::pmr::memory_resource* default_resource(std::error_code& ec) noexcept;

/// The same for first_touch_allocator: resource_for(placement::local()) unless another was set, because a pool that
/// keeps touched pages would decide for the threads.
/// \throws failure as default_resource()
/// \safety any thread
[[nodiscard]] ACRE_API std::pmr::memory_resource* default_first_touch_resource();
/// The same, with the error in `ec`: null then.
[[nodiscard]] ACRE_API std::pmr::memory_resource* default_first_touch_resource(std::error_code& ec) noexcept;

/// Sets what default_resource() and default_first_touch_resource() return. Allocators made before keep theirs.
/// \param r the new default; null or the first one: back to the first ones, of default_first_touch_resource() too. It
///   must outlive every allocator that takes it.
/// \returns the old one: set again, everything is as it was
/// \throws failure as default_resource(); nothing is changed then
/// \safety any thread
ACRE_API std::pmr::memory_resource* set_default_resource(std::pmr::memory_resource* r);
/// The same, with the error in `ec`: null then.
ACRE_API std::pmr::memory_resource* set_default_resource(std::pmr::memory_resource* r,
                                                         std::error_code& ec) noexcept;

}  // namespace acre::inline v1
