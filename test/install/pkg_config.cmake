# Without CMake in the consumer's build: one compiler call with what pkg-config says where `kind` is installed.
cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

find_program(pkg_config NAMES pkg-config pkgconf REQUIRED)
# Nothing else is found: neither hwloc.pc nor another acre.
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_LIBDIR} "${prefix}/${libdir}/pkgconfig")

function(ask variable)
  execute_process(COMMAND "${pkg_config}" ${ARGN} acre
    OUTPUT_VARIABLE told OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(${variable} "${told}" PARENT_SCOPE)
endfunction()

ask(found --modversion)
if(NOT found STREQUAL version)
  message(FATAL_ERROR "acre.pc says version ${found}, the project ${version}")
endif()
ask(where --variable=libdir)
separate_arguments(where UNIX_COMMAND "${where}")
ask(compile --cflags)
separate_arguments(compile UNIX_COMMAND "${compile}")

set(work "${area}/${kind} pkg-config")
file(REMOVE_RECURSE "${work}")
file(MAKE_DIRECTORY "${work}")
set(source_file "${CMAKE_CURRENT_LIST_DIR}/program.cpp")
run("${compiler}" -std=c++20 -c "${source_file}" ${compile} -o "${work}/program.o")

# link_and_run(<kind of acre> <flag>...)
function(link_and_run expected)
  run("${compiler}" "${work}/program.o" ${ARGN} "-Wl,-rpath,${where}" -o "${work}/program")
  run("${work}/program" "${version}${suffix}" ${expected})
endfunction()

ask(usual --libs)
ask(static --static --libs)
separate_arguments(usual_flags UNIX_COMMAND "${usual}")
separate_arguments(static_flags UNIX_COMMAND "${static}")
if(NOT static MATCHES "-lacre.*-lhwloc")
  message(FATAL_ERROR "pkg-config --static --libs acre: ${static}")
endif()
if(kind STREQUAL "static")
  link_and_run(static ${usual_flags})
  link_and_run(static ${static_flags})
else()
  # Those who link a shared acre need not have hwloc's development files.
  if(usual MATCHES "hwloc")
    message(FATAL_ERROR "pkg-config --libs acre: ${usual}")
  endif()
  link_and_run(shared ${usual_flags})
endif()
if(kind STREQUAL "both")
  # The linker takes the shared one of -lacre, unless it is told otherwise.
  list(TRANSFORM static_flags REPLACE "^-lacre$" "-l:libacre.a")
  link_and_run(static ${static_flags})
endif()

# pkg-config cannot ask for a standard: one that is too old is refused in one sentence.
execute_process(COMMAND "${compiler}" -std=c++17 -fsyntax-only "${source_file}" ${compile}
  RESULT_VARIABLE status ERROR_VARIABLE told)
string(REGEX MATCHALL "error: [^\n]*" errors "${told}")
list(LENGTH errors count)
if(status EQUAL 0 OR NOT count EQUAL 2 OR NOT errors MATCHES "^error: [^;]*acre needs C\\+\\+20")
  message(FATAL_ERROR "C++17 is not refused as it should be:\n${told}")
endif()
