include(CMakeFindDependencyMacro)
find_dependency(acre 1.0)
include("${CMAKE_CURRENT_LIST_DIR}/nearby-targets.cmake")
