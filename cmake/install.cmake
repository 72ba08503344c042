# What `cmake --install` puts down: library, headers, CMake package, pkg-config file. All of it may be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(acre_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/acre")

install(TARGETS acre EXPORT acre-targets FILE_SET HEADERS)
install(EXPORT acre-targets NAMESPACE acre:: DESTINATION "${acre_package_dir}")

configure_package_config_file(cmake/acre-config.cmake.in "${PROJECT_BINARY_DIR}/acre-config.cmake"
  INSTALL_DESTINATION "${acre_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/acre-config-version.cmake"
  COMPATIBILITY SameMajorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/acre-config.cmake"
  "${PROJECT_BINARY_DIR}/acre-config-version.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/Findhwloc.cmake"
  DESTINATION "${acre_package_dir}")

# A static acre leaves hwloc to the program's link. It is then a plain requirement, not a private one: most
# programs link a static acre with a shared hwloc, without `pkg-config --static`.
if(BUILD_SHARED_LIBS)
  set(acre_pc_requires "Requires.private: hwloc >= 2.9")
  set(acre_pc_link "")
  set(acre_pc_define "")
else()
  set(acre_pc_requires "Requires: hwloc >= 2.9")
  set(acre_pc_link " -pthread")
  set(acre_pc_define " -DACRE_STATIC_DEFINE")
endif()
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
configure_file(cmake/acre.pc.in "${PROJECT_BINARY_DIR}/acre.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/acre.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
