acre_layer(observe
  HEADERS
  SOURCES
)
