// Read a placement from a text.
#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/numa_allocator.hpp>

#include <iostream>
#include <vector>

int main(int argc, char** argv) try {
  const acre::placement where = acre::placement::parse(argc > 1 ? argv[1] : "interleave all by 64KiB");

  std::vector<int, acre::numa_allocator<int>> data(100'000, 1, where);
  const acre::check_result proof = acre::check(data.data(), data.size() * sizeof(int), where);
  std::cout << where << ": " << proof << '\n';
  return proof ? 0 : 1;
} catch (const acre::failure& f) {
  std::cerr << f.what() << '\n';  // names the place in the text, or the node
  return 2;
}
