acre_layer(placement
  HEADERS
    apply.hpp
    placement.hpp
    plan.hpp
  SOURCES
)
