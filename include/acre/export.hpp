/// \file
/// ACRE_API marks what the shared library exports; everything else is hidden. Every header includes this one first.
#pragma once

#if __cplusplus < 202002L
#error "acre needs C++20: compile with -std=c++20 or a later standard"
// Ends the compilation: #error does not, and errors about all that C++20 has and this standard has not would follow.
#include <acre_needs_cxx20>
#endif

// Before 16 it has no <memory_resource>, before 19 no std::atomic_ref.
#include <version>
#if defined(_LIBCPP_VERSION) && _LIBCPP_VERSION < 190000
#error "acre needs libc++ 19 or newer, or libstdc++"
#include <acre_needs_libcxx19>  // ends the compilation, as above
#endif

#if defined(ACRE_STATIC_DEFINE)
#define ACRE_API
#else
/// For the library's own declarations. Empty where ACRE_STATIC_DEFINE is defined, as it is for static libraries.
#define ACRE_API __attribute__((visibility("default")))
#endif
