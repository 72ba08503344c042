# Variables given with -D: source, built, built_kind, consumer, work, kind, generator, compiler, launcher, version, suffix.
set(prefix "${work}/moved")

set(shared OFF)
if(kind STREQUAL "shared")
  set(shared ON)
endif()

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(configure from to)
  file(REMOVE_RECURSE "${to}")
  # What is built here is looked at, not measured: as fast to compile as it can be.
  run("${CMAKE_COMMAND}" -S "${from}" -B "${to}" -G "${generator}"
      "-DCMAKE_CXX_COMPILER=${compiler}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${launcher}"
      -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O0 -DCMAKE_UNITY_BUILD=ON
      "-DBUILD_SHARED_LIBS=${shared}" ${ARGN})
endfunction()

# The consumer exits 0 only if the library it runs with is the one whose headers it was compiled with.
function(build_and_run dir)
  run("${CMAKE_COMMAND}" --build "${dir}")
  run("${dir}/consumer" "${version}${suffix}")
endfunction()
