include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

configure("${consumer}" "${work}/add_subdirectory" "-DACRE_SOURCE=${source}" -DHOW=add_subdirectory)
build_and_run("${work}/add_subdirectory")
