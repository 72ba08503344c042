// Place all of std::pmr.
#include <acre/check.hpp>
#include <acre/resource_for.hpp>
#include <acre/topology.hpp>

#include <memory_resource>
#include <string>
#include <vector>

int main() {
  const acre::placement where = acre::placement::interleave(acre::topology::system().default_nodes());
  std::pmr::set_default_resource(acre::resource_for(where));  // first of all, in main()

  std::pmr::vector<int> numbers(1'000'000, 1);
  std::pmr::string text(100'000, 'x');

  const bool placed = acre::check(numbers.data(), numbers.size() * sizeof(int), where).ok() &&
                      acre::check(text.data(), text.size(), where).ok();
  return placed ? 0 : 1;
}
