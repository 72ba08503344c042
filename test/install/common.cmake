# Variables given with -D: source, built, built_kind, command, libdir, area, kind, generator, compiler, launcher,
# version, suffix.

# Their names have spaces, as those of some people's directories have.
set(work "${area}/${kind} project")
set(prefix "${area}/${kind} moved")

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(configure from to)
  file(REMOVE_RECURSE "${to}")
  # What is built here is looked at, not measured: as fast to compile as it can be.
  run("${CMAKE_COMMAND}" -S "${from}" -B "${to}" -G "${generator}"
      "-DCMAKE_CXX_COMPILER=${compiler}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${launcher}"
      -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O0 -DCMAKE_UNITY_BUILD=ON ${ARGN})
endfunction()

# Nothing that was installed may depend on where: neither prefix, build tree nor source tree.
function(require_no_paths_in installed)
  file(GLOB_RECURSE texts "${installed}/*.cmake" "${installed}/*.pc" "${installed}/*.hpp")
  foreach(file IN LISTS texts)
    file(READ "${file}" text)
    foreach(path IN ITEMS "${area}" "${built}" "${source}/")
      string(FIND "${text}" "${path}" at)
      if(NOT at EQUAL -1)
        message(FATAL_ERROR "${file} names ${path}")
      endif()
    endforeach()
  endforeach()
endfunction()
