# acre_warnings: what every target of acre is compiled with and no user of acre is.
add_library(acre_warnings INTERFACE)
target_compile_options(acre_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wpedantic
  $<$<BOOL:${ACRE_WERROR}>:-Werror>)
