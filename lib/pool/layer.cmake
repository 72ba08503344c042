acre_layer(pool
  HEADERS
    numa_allocator.hpp
    resource_for.hpp
  SOURCES
)
