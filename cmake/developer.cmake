# What only a build of acre itself wants; a consumer's build never reads this file.

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

find_program(ACRE_CCACHE ccache)
mark_as_advanced(ACRE_CCACHE)
if(ACRE_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${ACRE_CCACHE}")
endif()

if(ACRE_SANITIZE)
  list(JOIN ACRE_SANITIZE "," acre_sanitizers)
  # -Og and lines alone: half the time of -O1 -g to compile, and their reports name the same lines.
  add_compile_options(-fsanitize=${acre_sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all -Og -g1)
  add_link_options(-fsanitize=${acre_sanitizers})
endif()

# The library is instrumented, too: libFuzzer looks for inputs that reach code it has not seen.
if(ACRE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "ACRE_FUZZ needs clang++, which has libFuzzer; this is ${CMAKE_CXX_COMPILER_ID}")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
