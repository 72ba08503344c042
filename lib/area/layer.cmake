acre_layer(area
  HEADERS
  SOURCES
)
