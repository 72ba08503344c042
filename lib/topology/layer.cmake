acre_layer(topology
  HEADERS
  SOURCES
)
