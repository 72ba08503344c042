acre_layer(area
  HEADERS
    area.hpp
    mapping.hpp
    resource.hpp
  SOURCES
    resource.cpp
)
