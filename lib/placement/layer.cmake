acre_layer(placement
  HEADERS
  SOURCES
)
