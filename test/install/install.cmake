include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

configure("${source}" "${work}/library" "-DCMAKE_INSTALL_PREFIX=${work}/installed"
          -DACRE_BUILD_TESTS=OFF -DACRE_BUILD_BENCH=OFF -DACRE_BUILD_DEMO=OFF -DACRE_BUILD_DOCS=OFF)
run("${CMAKE_COMMAND}" --build "${work}/library")
file(REMOVE_RECURSE "${work}/installed" "${prefix}")
run("${CMAKE_COMMAND}" --install "${work}/library")

# Nothing that was installed may depend on where: neither prefix, build tree nor source tree.
file(RENAME "${work}/installed" "${prefix}")
file(GLOB_RECURSE texts "${prefix}/*.cmake" "${prefix}/*.pc" "${prefix}/*.hpp")
foreach(file IN LISTS texts)
  file(READ "${file}" text)
  foreach(path IN ITEMS "${work}" "${source}/")
    string(FIND "${text}" "${path}" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${file} names ${path}")
    endif()
  endforeach()
endforeach()

file(GLOB_RECURSE public_headers RELATIVE "${source}/include/acre" "${source}/include/acre/*.hpp")
file(GLOB_RECURSE installed_headers RELATIVE "${prefix}/include/acre" "${prefix}/include/*")
if(NOT public_headers STREQUAL installed_headers)
  message(FATAL_ERROR "public headers: ${public_headers}\ninstalled: ${installed_headers}")
endif()
