# Findhwloc: the imported target hwloc::hwloc; hwloc itself ships no CMake package.
# hwloc_ROOT and CMAKE_PREFIX_PATH are honoured first, then what pkg-config knows.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_hwloc QUIET hwloc)
endif()

find_path(hwloc_INCLUDE_DIR hwloc.h HINTS ${PC_hwloc_INCLUDE_DIRS})
find_library(hwloc_LIBRARY hwloc HINTS ${PC_hwloc_LIBRARY_DIRS})
mark_as_advanced(hwloc_INCLUDE_DIR hwloc_LIBRARY)

# The version of the header that will be compiled against, not of whatever .pc file came first. Debian keeps
# the generated half in the architecture's include directory.
find_file(hwloc_CONFIG_HEADER hwloc/autogen/config.h HINTS "${hwloc_INCLUDE_DIR}")
mark_as_advanced(hwloc_CONFIG_HEADER)
if(hwloc_CONFIG_HEADER)
  file(STRINGS "${hwloc_CONFIG_HEADER}" hwloc_version_line REGEX "#define HWLOC_VERSION \"")
  if(hwloc_version_line MATCHES "\"([0-9]+(\\.[0-9]+)*)")
    set(hwloc_VERSION "${CMAKE_MATCH_1}")
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(hwloc
  REQUIRED_VARS hwloc_LIBRARY hwloc_INCLUDE_DIR
  VERSION_VAR hwloc_VERSION)

if(hwloc_FOUND AND NOT TARGET hwloc::hwloc)
  add_library(hwloc::hwloc UNKNOWN IMPORTED)
  set_target_properties(hwloc::hwloc PROPERTIES
    IMPORTED_LOCATION "${hwloc_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${hwloc_INCLUDE_DIR}")
  if(hwloc_LIBRARY MATCHES "\\.a$")
    # Names and directories: FindPkgConfig looks up full paths for shared libraries alone.
    set(hwloc_needs ${PC_hwloc_STATIC_LIBRARIES})
    list(REMOVE_ITEM hwloc_needs hwloc)
    set_target_properties(hwloc::hwloc PROPERTIES
      INTERFACE_LINK_LIBRARIES "${hwloc_needs}"
      INTERFACE_LINK_DIRECTORIES "${PC_hwloc_STATIC_LIBRARY_DIRS}")
  endif()
endif()
