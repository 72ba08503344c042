acre_layer(sys
  HEADERS
  SOURCES
)
