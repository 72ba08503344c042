// Prove it in a test.
#include <acre/check.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/topology.hpp>

#include <iostream>
#include <vector>

using samples = std::vector<float, acre::numa_allocator<float>>;

samples load(const acre::placement& where) { return samples(500'000, 0.5F, where); }  // the code under test

int main() {
  const acre::placement where = acre::placement::interleave(acre::topology::system().default_nodes());
  const samples data = load(where);

  const acre::check_result result = acre::check(data.data(), data.size() * sizeof(float), where);
  const bool all_there = result.where.untouched == 0;
  if (!result || !all_there) std::cerr << result << '\n';  // names the first page that lies elsewhere
  return result && all_there ? 0 : 1;
}
