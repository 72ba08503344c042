# CMAKE_INSTALL_LIBDIR may be an absolute path, of another prefix. Such an acre cannot be moved.
cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

set(elsewhere "${area}/absolute libdir")
file(REMOVE_RECURSE "${elsewhere}")
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/project" -B "${work}"
    "-DCMAKE_INSTALL_PREFIX=${elsewhere}/prefix" "-DCMAKE_INSTALL_LIBDIR=${elsewhere}/libraries")
run("${CMAKE_COMMAND}" --build "${work}")
run("${CMAKE_COMMAND}" --install "${work}")
configure("${CMAKE_CURRENT_LIST_DIR}/consumer" "${area}/absolute consumer" "-DCMAKE_PREFIX_PATH=${elsewhere}/prefix"
  "-Dnearby_DIR=${elsewhere}/libraries/cmake/nearby" "-Dacre_DIR=${elsewhere}/libraries/cmake/acre")
run("${CMAKE_COMMAND}" --build "${area}/absolute consumer")
run("${area}/absolute consumer/over_nearby" "${version}${suffix}" ${kind})

find_program(pkg_config NAMES pkg-config pkgconf REQUIRED)
set(ENV{PKG_CONFIG_LIBDIR} "${elsewhere}/libraries/pkgconfig")
foreach(variable IN ITEMS libdir includedir)
  execute_process(COMMAND "${pkg_config}" --variable=${variable} acre
    OUTPUT_VARIABLE ${variable} OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endforeach()
if(NOT EXISTS "${libdir}/pkgconfig/acre.pc" OR NOT EXISTS "${includedir}/acre/acre.hpp")
  message(FATAL_ERROR "acre.pc says ${libdir} and ${includedir}")
endif()
