# acre_vm_suite(): tests that run inside multi-node virtual machines (see test/vm/README.md).
#
# Every (shape, kernel) becomes one test vm/<shape>/<kernel>/boot, which runs all its cases, and one
# test vm/<shape>/<kernel>/<case> for each case, which reports what that boot saw.

include_guard(GLOBAL)

find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)

set(ACRE_VM_DIR "${PROJECT_BINARY_DIR}/vm" CACHE PATH "Where the guests' kernels and QEMU are fetched to")
set(_acre_vm_source "${CMAKE_CURRENT_LIST_DIR}/../test/vm")
cmake_path(NORMAL_PATH _acre_vm_source)
set_property(GLOBAL PROPERTY acre_vm_source "${_acre_vm_source}")
set_property(GLOBAL PROPERTY acre_vm_python "${Python3_EXECUTABLE}")

# acre_vm_suite(SHAPES shape... KERNELS 6.1|6.12... TESTS_OF target | CASES file
#   [FILTER patterns] [VARIANT name] [ADD file[:guest]|target...] [ENV NAME=VALUE...]
#   [USER name] [MEMS list] [CPUS list] [MEMMAX size] [HUGE "node:count ..."] [THP mode]
#   [TIMEOUT seconds] [EXPECT status|sig:NAME|timeout] [OOM forbid|allow])
#
# TESTS_OF  each case of that Boost.Test program that FILTER selects; found when ctest starts
# FILTER    suites and cases as --run_test takes them, separated by colons: "proof:machine/has*"; each must match something
# CASES     a file of cases, as run.py takes it, instead of TESTS_OF; only VARIANT and ADD go with it
# VARIANT   @name is appended to the cases' names, where two suites run the same tests in one shape
# ADD       further programs for the guest (default place: /usr/bin), with their shared libraries
# The others are the case keys of the README, for every case of the suite.
function(acre_vm_suite)
  set(keys FILTER VARIANT USER MEMS CPUS MEMMAX HUGE THP TIMEOUT EXPECT OOM)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TESTS_OF;CASES;${keys}" "SHAPES;KERNELS;ADD;ENV")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "acre_vm_suite: unknown argument ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_SHAPES OR NOT arg_KERNELS)
    message(FATAL_ERROR "acre_vm_suite: SHAPES and KERNELS are needed")
  endif()
  if((arg_TESTS_OF AND arg_CASES) OR NOT (arg_TESTS_OF OR arg_CASES))
    message(FATAL_ERROR "acre_vm_suite: either TESTS_OF or CASES")
  endif()

  set(text "shapes=${arg_SHAPES}\nkernels=${arg_KERNELS}\n")
  if(arg_CASES)
    cmake_path(ABSOLUTE_PATH arg_CASES)
    string(APPEND text "cases=${arg_CASES}\n")
  else()
    string(APPEND text "executable=$<TARGET_FILE:${arg_TESTS_OF}>\n")
  endif()
  set(additions "")
  foreach(addition IN LISTS arg_ADD)
    if(TARGET "${addition}")
      set(addition "$<TARGET_FILE:${addition}>")
    endif()
    list(APPEND additions "${addition}")
  endforeach()
  string(APPEND text "add=${additions}\nenv=${arg_ENV}\n")
  foreach(key IN LISTS keys)
    if(NOT "${arg_${key}}" STREQUAL "")
      string(TOLOWER "${key}" name)
      string(APPEND text "${name}=${arg_${key}}\n")
    endif()
  endforeach()

  get_property(directory GLOBAL PROPERTY acre_vm_directory)
  if(NOT directory)
    set_property(GLOBAL PROPERTY acre_vm_directory "${CMAKE_CURRENT_SOURCE_DIR}")
    cmake_language(DEFER CALL _acre_vm_finish)
  elseif(NOT directory STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    message(FATAL_ERROR "acre_vm_suite: call it in ${directory} only, so that suites can share boots")
  endif()
  get_property(count GLOBAL PROPERTY acre_vm_count)
  if(NOT count)
    set(count 0)
  endif()
  math(EXPR count "${count} + 1")
  set_property(GLOBAL PROPERTY acre_vm_count "${count}")
  set_property(GLOBAL APPEND_STRING PROPERTY acre_vm_suites "[suite ${count}]\n${text}\n")
endfunction()

# Declares the fetching of kernels and QEMU as a fixture that every boot requires.
function(acre_vm_fetch_test)
  get_property(source GLOBAL PROPERTY acre_vm_source)
  get_property(python GLOBAL PROPERTY acre_vm_python)
  add_test(NAME vm/fetch COMMAND "${python}" -B "${source}/fetch.py" "${ACRE_VM_DIR}")
  set_tests_properties(vm/fetch PROPERTIES FIXTURES_SETUP acre_vm_assets LABELS vm TIMEOUT 1800)
endfunction()

# Runs at the end of the directory, when all its suites are known.
function(_acre_vm_finish)
  get_property(suites GLOBAL PROPERTY acre_vm_suites)
  get_property(source GLOBAL PROPERTY acre_vm_source)
  get_property(python GLOBAL PROPERTY acre_vm_python)
  get_property(multi GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/suites")
  set(in_ctest "${directory}")
  if(multi)
    string(APPEND directory "/$<CONFIG>")
    string(APPEND in_ctest "/\${CTEST_CONFIGURATION_TYPE}")
  endif()
  file(GENERATE OUTPUT "${directory}/suites.ini" CONTENT "${suites}")

  # CTest includes this when it starts; the programs are built by then.
  set(script "${CMAKE_CURRENT_BINARY_DIR}/acre-vm-tests.cmake")
  file(WRITE "${script}" "\
execute_process(
  COMMAND [==[${python}]==] -B [==[${source}/ctest_tool.py]==] --assets [==[${ACRE_VM_DIR}]==]
          discover \"${in_ctest}/suites.ini\" \"${in_ctest}\" \"${in_ctest}/tests.cmake\"
  RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR \"acre-vm: finding the tests failed: \${status}\")
endif()
include(\"${in_ctest}/tests.cmake\")
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
endfunction()
