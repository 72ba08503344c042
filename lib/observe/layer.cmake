acre_layer(observe
  HEADERS
    check.hpp
    locate.hpp
    migrate.hpp
    prefault.hpp
  SOURCES
)
