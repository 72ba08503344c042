/// \file
/// Which hwloc a program runs with.
#pragma once

#include <acre/export.hpp>

#include <string>

namespace acre::inline v1 {

/// The release of the hwloc that is loaded: "2.9.0", or "2.10.0rc1". Where hwloc is told not to tell it
/// (HWLOC_DONT_ADD_VERSION_INFO), that of its interface, which may be a release older.
/// \safety any thread
[[nodiscard]] ACRE_API std::string hwloc_version();

}  // namespace acre::inline v1
