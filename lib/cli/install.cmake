# What belongs to the installed command: itself, its man page, what shells know of it.
install(TARGETS acre-command RUNTIME)
install(FILES "${PROJECT_SOURCE_DIR}/docs/acre.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES completion/acre.bash DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME acre)
install(FILES completion/_acre DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
install(FILES completion/acre.fish DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
