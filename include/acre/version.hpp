/// \file
/// Which acre a program was compiled against (the macros) and which one it runs with (the function).
#pragma once

#include <acre/export.hpp>

#include <string_view>

// The build and the packages read the project's version from these four lines.
/// The first number of the version.
#define ACRE_VERSION_MAJOR 1
/// The second number of the version.
#define ACRE_VERSION_MINOR 0
/// The third number of the version.
#define ACRE_VERSION_PATCH 0
/// "-rc1" for the first candidate of a version, and so on; "" for the version itself.
#define ACRE_VERSION_SUFFIX "-rc2"

/// The three numbers as one, which the preprocessor can compare: 1.2.3 is 10203.
#define ACRE_VERSION (ACRE_VERSION_MAJOR * 10000 + ACRE_VERSION_MINOR * 100 + ACRE_VERSION_PATCH)

namespace acre::inline v1 {

/// The version of the library that is linked, as "MAJOR.MINOR.PATCH", and "-rcN" behind it for a candidate.
[[nodiscard]] ACRE_API std::string_view version() noexcept;

}  // namespace acre::inline v1
