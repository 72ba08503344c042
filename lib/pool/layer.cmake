acre_layer(pool
  HEADERS
  SOURCES
)
