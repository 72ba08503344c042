acre_layer(pool
  HEADERS
    numa_allocator.hpp
    resource_for.hpp
  SOURCES
    locked_pool.cpp
    resource_for.cpp
)
