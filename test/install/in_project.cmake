# acre's sources as part of a project that installs a library and a program of its own; installed with DESTDIR, moved.
cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

set(how_static add_subdirectory)
set(how_shared FetchContent)
configure("${CMAKE_CURRENT_LIST_DIR}/project" "${work}" "-DACRE_SOURCE=${source}" "-DHOW=${how_${kind}}"
  "-DKIND=${kind}" -DCMAKE_CXX_FLAGS=-g -DCMAKE_INSTALL_PREFIX=/opt/nearby "-DCMAKE_INSTALL_LIBDIR=${libdir}")
run("${CMAKE_COMMAND}" --build "${work}")
run("${work}/program" "${version}${suffix}" ${kind})

file(REMOVE_RECURSE "${area}/${kind} staged" "${prefix}")
run("${CMAKE_COMMAND}" -E env "DESTDIR=${area}/${kind} staged" "${CMAKE_COMMAND}" --install "${work}")
file(RENAME "${area}/${kind} staged/opt/nearby" "${prefix}")
require_no_paths_in("${prefix}")

# The build tree must not be what the installed program lives by.
if(kind STREQUAL "shared")
  file(RENAME "${work}" "${work} hidden")
endif()
execute_process(COMMAND "${prefix}/bin/program" "${version}${suffix}" ${kind} RESULT_VARIABLE status)
if(kind STREQUAL "shared")
  file(RENAME "${work} hidden" "${work}")
endif()
if(NOT status EQUAL 0)
  message(FATAL_ERROR "the installed program fails: ${status}")
endif()
