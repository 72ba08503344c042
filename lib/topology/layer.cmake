acre_layer(topology
  HEADERS
    node_set.hpp
    topology.hpp
  SOURCES
)
