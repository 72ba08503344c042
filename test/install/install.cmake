include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

# The kind that the tests were built with is there already.
if(NOT kind STREQUAL built_kind)
  set(built "${work}/library")
  configure("${source}" "${built}"
            -DACRE_BUILD_TESTS=OFF -DACRE_BUILD_BENCH=OFF -DACRE_BUILD_DEMO=OFF -DACRE_BUILD_DOCS=OFF)
  run("${CMAKE_COMMAND}" --build "${built}")
endif()
file(REMOVE_RECURSE "${work}/installed" "${prefix}")
run("${CMAKE_COMMAND}" --install "${built}" --prefix "${work}/installed")

# Nothing that was installed may depend on where: neither prefix, build tree nor source tree.
file(RENAME "${work}/installed" "${prefix}")
file(GLOB_RECURSE texts "${prefix}/*.cmake" "${prefix}/*.pc" "${prefix}/*.hpp")
foreach(file IN LISTS texts)
  file(READ "${file}" text)
  foreach(path IN ITEMS "${work}" "${built}" "${source}/")
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

# The command finds its library wherever both were moved to.
if(shared)
  execute_process(COMMAND "${prefix}/bin/acre" --version OUTPUT_VARIABLE told COMMAND_ERROR_IS_FATAL ANY)
  if(NOT told STREQUAL "acre ${version}${suffix}\n")
    message(FATAL_ERROR "the installed command says ${told}")
  endif()
  foreach(file IN ITEMS man/man1/acre.1 bash-completion/completions/acre zsh/site-functions/_acre
          fish/vendor_completions.d/acre.fish)
    if(NOT EXISTS "${prefix}/share/${file}")
      message(FATAL_ERROR "share/${file} was not installed")
    endif()
  endforeach()
endif()
