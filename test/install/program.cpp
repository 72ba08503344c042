// program VERSION KIND: succeeds if the library that it runs with is of the version whose headers it was compiled with,
// and of this kind.
#include <acre/acre.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
  std::ifstream maps("/proc/self/maps");
  const std::string mapped{std::istreambuf_iterator<char>(maps), {}};
  const std::string kind = mapped.find("/libacre.so.") != std::string::npos ? "shared" : "static";
  std::cout << "acre " << acre::version() << ", " << kind << '\n';
  const acre::placement where = acre::placement::bind(acre::topology::system().default_nodes());
  return argc == 3 && acre::version() == argv[1] && kind == argv[2] && !where.to_string().empty() ? 0 : 1;
}
