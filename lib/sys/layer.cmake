acre_layer(sys
  HEADERS
  SOURCES
    files.cpp
    pages.cpp
    policy.cpp
    threads.cpp
)
