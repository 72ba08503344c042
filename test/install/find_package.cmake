include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

configure("${consumer}" "${work}/find_package" "-DCMAKE_PREFIX_PATH=${prefix}" -DHOW=find_package)
build_and_run("${work}/find_package")
