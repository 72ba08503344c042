acre_layer(base
  HEADERS
    export.hpp
    version.hpp
  SOURCES
    version.cpp
)
