# What belongs to the installed command: itself, its man page, what shells know of it.
install(TARGETS acre-command RUNTIME)
install(FILES "${PROJECT_SOURCE_DIR}/docs/acre.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")

# The command itself writes them, so that they cannot lag behind it. Where it cannot be run, it is another machine's.
if(CMAKE_CROSSCOMPILING)
  return()
endif()
set(completions
  bash "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" acre
  zsh "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" _acre
  fish "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d" acre.fish)
set(scripts "")
while(completions)
  list(POP_FRONT completions shell directory name)
  set(script "${CMAKE_CURRENT_BINARY_DIR}/completion/${shell}/${name}")
  add_custom_command(
    OUTPUT "${script}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${CMAKE_CURRENT_BINARY_DIR}/completion/${shell}"
    COMMAND acre-command completion ${shell} > "${script}"
    VERBATIM)
  list(APPEND scripts "${script}")
  install(FILES "${script}" DESTINATION "${directory}")
endwhile()
add_custom_target(acre-completion ALL DEPENDS ${scripts})
