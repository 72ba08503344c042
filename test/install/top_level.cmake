# What was built with the tests: all that belongs to an installed acre is there, and works where it is moved to.
cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

set(prefix "${area}/top level moved")
file(REMOVE_RECURSE "${area}/installed" "${prefix}")
run("${CMAKE_COMMAND}" --install "${built}" --prefix "${area}/installed")
file(RENAME "${area}/installed" "${prefix}")
require_no_paths_in("${prefix}")

file(GLOB_RECURSE public_headers RELATIVE "${source}/include/acre" "${source}/include/acre/*.hpp")
file(GLOB_RECURSE installed_headers RELATIVE "${prefix}/include/acre" "${prefix}/include/*")
if(NOT public_headers STREQUAL installed_headers)
  message(FATAL_ERROR "public headers: ${public_headers}\ninstalled: ${installed_headers}")
endif()

if(command)
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
