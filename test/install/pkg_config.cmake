# Without CMake in the consumer's build: one compiler call with what pkg-config says.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

find_program(pkg_config NAMES pkg-config pkgconf REQUIRED)
file(GLOB_RECURSE pc "${prefix}/*/acre.pc")
cmake_path(GET pc PARENT_PATH pc_dir)
set(ENV{PKG_CONFIG_PATH} "${pc_dir}")

execute_process(COMMAND "${pkg_config}" --modversion acre
  OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(NOT found STREQUAL version)
  message(FATAL_ERROR "acre.pc says version ${found}, the project ${version}")
endif()
execute_process(COMMAND "${pkg_config}" --cflags --libs acre
  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
execute_process(COMMAND "${pkg_config}" --variable=libdir acre
  OUTPUT_VARIABLE libdir OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

file(MAKE_DIRECTORY "${work}/pkg_config")
run("${compiler}" -std=c++20 "${consumer}/consumer.cpp" ${flags} "-Wl,-rpath,${libdir}" -o "${work}/pkg_config/consumer")
run("${work}/pkg_config/consumer" "${version}${suffix}")

# pkg-config cannot ask for a standard: one that is too old is refused in one sentence.
execute_process(COMMAND "${compiler}" -std=c++17 -fsyntax-only "${consumer}/consumer.cpp" ${flags}
  RESULT_VARIABLE status ERROR_VARIABLE told)
string(REGEX MATCHALL "error: [^\n]*" errors "${told}")
list(LENGTH errors count)
if(status EQUAL 0 OR NOT count EQUAL 2 OR NOT errors MATCHES "^error: [^;]*acre needs C\\+\\+20")
  message(FATAL_ERROR "C++17 is not refused as it should be:\n${told}")
endif()
