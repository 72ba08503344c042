#include <acre/acre.hpp>

#include <iostream>

// hwloc_version() calls hwloc: without it, a static acre does not link.
int main() {
  std::cout << "acre " << acre::version() << ", hwloc " << acre::hwloc_version() << '\n';
}
