# acre_warnings: what every target of acre is compiled with and no user of acre is.
add_library(acre_warnings INTERFACE)
target_compile_options(acre_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wpedantic
  $<$<BOOL:${ACRE_WERROR}>:-Werror>)

# GCC 12 sees overlapping copies in std::string's operator+ that are not there (gcc bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(acre_warnings INTERFACE -Wno-restrict)
endif()
