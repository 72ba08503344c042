# What all tests begin with, precompiled. A test names what it needs all the same: with clang++ that is Boost.Test alone,
# which takes half of a test's compilation.
set(acre_test_headers <boost/test/unit_test.hpp> <boost/test/data/test_case.hpp>)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  list(APPEND acre_test_headers
    <algorithm> <array> <fstream> <functional> <map> <memory_resource> <set> <sstream> <string> <thread> <vector>
    "${CMAKE_CURRENT_LIST_DIR}/support/print.hpp")
endif()

# acre_test_program(<name> <source>...): a Boost.Test program; nothing is registered with CTest.
# Links the tests' main function and acre_test_support, and through it the library with its private headers.
function(acre_test_program name)
  add_executable(${name})
  target_sources(${name} PRIVATE ${ARGN})
  target_link_libraries(${name} PRIVATE acre_test_support acre_warnings)
  target_precompile_headers(${name} REUSE_FROM acre_test_support)
endfunction()

# acre_discover_tests(<binary> <label>): one CTest "<label>/<suite>/<case>" for each case of the program, found when
# ctest starts. A case whose precondition does not hold shows as skipped, which .ci/run turns into a failure.
function(acre_discover_tests binary label)
  # A program for each configuration, where the generator has several; CTest says which is meant.
  set(find "${CMAKE_CURRENT_BINARY_DIR}/${binary}-find")
  get_property(multi GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(multi)
    set(each "${find}-$<CONFIG>.cmake")
    file(WRITE "${find}.cmake" "include(\"${find}-\${CTEST_CONFIGURATION_TYPE}.cmake\")\n")
  else()
    set(each "${find}.cmake")
  endif()
  set(script "${CMAKE_CURRENT_BINARY_DIR}/${binary}-tests$<$<BOOL:${multi}>:-$<CONFIG>>.cmake")
  file(GENERATE OUTPUT "${each}" CONTENT "\
execute_process(
  COMMAND [==[${Python3_EXECUTABLE}]==] -B [==[${PROJECT_SOURCE_DIR}/test/boost_cases.py]==]
          [==[$<TARGET_FILE:${binary}>]==] ${label} [==[${script}]==]
  COMMAND_ERROR_IS_FATAL ANY)
include([==[${script}]==])
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${find}.cmake")
endfunction()
