# Runs a portfile without vcpkg, with a build that is there. Variables given with -D: port, built, packages (where to),
# FEATURES, known_features. The options that the portfile passes are left in ${packages}/options-release and -debug.
cmake_minimum_required(VERSION 3.25)
cmake_path(GET port FILENAME PORT)
set(CURRENT_PORT_DIR "${port}")
set(CURRENT_PACKAGES_DIR "${packages}")

function(must_exist)
  foreach(file IN LISTS ARGN)
    if(NOT EXISTS "${file}")
      message(FATAL_ERROR "${file} does not exist")
    endif()
  endforeach()
endfunction()

function(vcpkg_check_features)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" OUT_FEATURE_OPTIONS FEATURES)
  set(options "")
  while(arg_FEATURES)
    list(POP_FRONT arg_FEATURES feature option)
    if(NOT feature IN_LIST known_features)
      message(FATAL_ERROR "vcpkg.json has no feature ${feature}")
    endif()
    if(feature IN_LIST FEATURES)
      list(APPEND options "-D${option}=ON")
    else()
      list(APPEND options "-D${option}=OFF")
    endif()
  endwhile()
  set(${arg_OUT_FEATURE_OPTIONS} "${options}" PARENT_SCOPE)
endfunction()

function(vcpkg_find_acquire_program program)
  string(TOLOWER "${program}" name)
  set(${program} "/tools/${name}" PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" SOURCE_PATH "OPTIONS;OPTIONS_RELEASE;OPTIONS_DEBUG")
  must_exist("${arg_SOURCE_PATH}/CMakeLists.txt")
  file(WRITE "${packages}/options-release" "${arg_OPTIONS};${arg_OPTIONS_RELEASE}")
  file(WRITE "${packages}/options-debug" "${arg_OPTIONS};${arg_OPTIONS_DEBUG}")
endfunction()

function(vcpkg_cmake_install)
  foreach(prefix IN ITEMS "${packages}" "${packages}/debug")
    execute_process(COMMAND "${CMAKE_COMMAND}" --install "${built}" --prefix "${prefix}"
      OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endfunction()

# Where it is moved to, vcpkg rewrites it; here it stays and works as it is.
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" CONFIG_PATH "")
  must_exist("${packages}/${arg_CONFIG_PATH}/${PORT}-config.cmake")
endfunction()

function(vcpkg_fixup_pkgconfig)
  must_exist("${packages}/lib/pkgconfig/${PORT}.pc")
endfunction()

function(vcpkg_copy_tools)
  cmake_parse_arguments(PARSE_ARGV 0 arg AUTO_CLEAN "" TOOL_NAMES)
  list(TRANSFORM arg_TOOL_NAMES PREPEND "${packages}/bin/")
  must_exist(${arg_TOOL_NAMES})
  file(COPY ${arg_TOOL_NAMES} DESTINATION "${packages}/tools/${PORT}")
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" FILE_LIST)
  file(COPY_FILE "${arg_FILE_LIST}" "${packages}/share/${PORT}/copyright")
endfunction()

include("${port}/portfile.cmake")
