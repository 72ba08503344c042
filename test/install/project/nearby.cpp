#include "nearby.hpp"

#include <acre/topology.hpp>

std::string nearby::text_of(const acre::placement& where) {
  return where.to_string() + " of " + acre::topology::system().nodes().to_string();
}
