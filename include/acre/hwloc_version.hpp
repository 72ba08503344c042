// hwloc_version: which hwloc a program runs with.
#pragma once

#include <acre/export.hpp>

#include <string>

namespace acre {

/// The interface of the hwloc that is loaded, as "MAJOR.MINOR.PATCH". hwloc tells the interface only: releases that
/// change none have the number of the one before, so the last part is mostly 0.
/// \safety any thread
ACRE_API std::string hwloc_version();

}  // namespace acre
