# A project that finds an installed library which stands on an installed acre.
cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

set(work "${area}/${kind} consumer")
configure("${CMAKE_CURRENT_LIST_DIR}/consumer" "${work}" "-DCMAKE_PREFIX_PATH=${prefix}")
run("${CMAKE_COMMAND}" --build "${work}")
run("${work}/over_nearby" "${version}${suffix}" ${kind})
run("${work}/over_acre" "${version}${suffix}" ${kind})
