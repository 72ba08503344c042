# What `cmake --install` puts down: library, headers, CMake package, pkg-config file. All of it may be moved, and a
# shared and a static acre may be installed to one place.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(acre_kind static)
if(BUILD_SHARED_LIBS)
  set(acre_kind shared)
endif()

set(acre_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/acre")

install(TARGETS acre EXPORT acre-${acre_kind}-targets FILE_SET HEADERS)
install(EXPORT acre-${acre_kind}-targets NAMESPACE acre:: DESTINATION "${acre_package_dir}")

configure_package_config_file(cmake/acre-config.cmake.in "${PROJECT_BINARY_DIR}/acre-config.cmake"
  INSTALL_DESTINATION "${acre_package_dir}"
  PATH_VARS CMAKE_INSTALL_BINDIR
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/acre-config-version.cmake"
  COMPATIBILITY SameMajorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/acre-config.cmake"
  "${PROJECT_BINARY_DIR}/acre-config-version.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/Findhwloc.cmake"
  DESTINATION "${acre_package_dir}")

foreach(dir IN ITEMS LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    set(acre_pc_${dir} "${CMAKE_INSTALL_${dir}}")
  else()
    set(acre_pc_${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(acre_pc_prefix "${CMAKE_INSTALL_PREFIX}")
else()
  file(RELATIVE_PATH acre_pc_up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" acre_pc_up "${acre_pc_up}")
  set(acre_pc_prefix "\${pcfiledir}/${acre_pc_up}")
endif()

# -lhwloc and not "Requires": hwloc.pc is in hwloc's development files, which a shared acre does not need, and names
# for `pkg-config --static` what a shared hwloc does not need.
set(acre_pc_hwloc " -lhwloc -pthread")
cmake_path(GET hwloc_LIBRARY PARENT_PATH acre_hwloc_dir)
if(NOT acre_hwloc_dir IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
  string(PREPEND acre_pc_hwloc " -L${acre_hwloc_dir}")
endif()

# acre_pc(<kind> <define> <link> <private link>)
function(acre_pc kind acre_pc_define acre_pc_link acre_pc_private_link)
  configure_file(cmake/acre.pc.in "${PROJECT_BINARY_DIR}/pkgconfig/${kind}/acre.pc" @ONLY)
endfunction()
acre_pc(shared "" "" "${acre_pc_hwloc}")
acre_pc(static " -DACRE_STATIC_DEFINE" "${acre_pc_hwloc}" "")

# There is one acre.pc. Where both kinds are, the linker takes the shared one, so that one's text holds, whichever
# kind is installed last. It is removed first: one of the same second would count as up to date.
set(acre_libdir "${CMAKE_INSTALL_LIBDIR}")
if(NOT IS_ABSOLUTE "${acre_libdir}")
  string(PREPEND acre_libdir "\${CMAKE_INSTALL_PREFIX}/")
endif()
install(CODE "
  set(acre_kind ${acre_kind})
  if(EXISTS \"\$ENV{DESTDIR}${acre_libdir}/libacre.so\")
    set(acre_kind shared)
  endif()
  file(REMOVE \"\$ENV{DESTDIR}${acre_libdir}/pkgconfig/acre.pc\")
  file(INSTALL \"${PROJECT_BINARY_DIR}/pkgconfig/\${acre_kind}/acre.pc\" DESTINATION \"${acre_libdir}/pkgconfig\")")
