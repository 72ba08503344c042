# A project that adds acre decides about BUILD_SHARED_LIBS itself. ACRE_SHARED_LIBS is about acre alone.
if(PROJECT_IS_TOP_LEVEL)
  option(BUILD_SHARED_LIBS "Build acre as a shared library" OFF)
endif()
if(DEFINED ACRE_SHARED_LIBS)
  set(BUILD_SHARED_LIBS "${ACRE_SHARED_LIBS}")
endif()
option(ACRE_INSTALL "Create the install rules" ${PROJECT_IS_TOP_LEVEL})
option(ACRE_BUILD_TESTS "Build the tests (top-level builds only)" ${PROJECT_IS_TOP_LEVEL})
option(ACRE_BUILD_BENCH "Build the benchmarks (top-level builds only)" ${PROJECT_IS_TOP_LEVEL})
option(ACRE_BUILD_COMMAND "Build the command acre (top-level builds only)" ${PROJECT_IS_TOP_LEVEL})
option(ACRE_BUILD_DEMO "Build acre-demo (top-level builds only)" ${PROJECT_IS_TOP_LEVEL})
option(ACRE_VM_TESTS "Register the tests that boot virtual machines" ${PROJECT_IS_TOP_LEVEL})
option(ACRE_WERROR "Treat warnings as errors" OFF)
set(ACRE_SANITIZE "" CACHE STRING "Sanitizers of a top-level build: \"address;undefined\" or \"thread\"")

option(ACRE_FUZZ "Build the fuzz targets with libFuzzer (clang, top-level builds only)" OFF)

# An unset build type in a developer's build would be an unoptimised library without debug information.
get_property(acre_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(PROJECT_IS_TOP_LEVEL AND NOT acre_multi_config AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(acre_checked_default OFF)
if(ACRE_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(acre_checked_default ON)
endif()
option(ACRE_CHECKED "Check the library's use and its own invariants at run time" ${acre_checked_default})
