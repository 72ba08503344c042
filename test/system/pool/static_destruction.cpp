// A container of static storage duration, older than the pools it uses, gives its blocks back after main.
#include <acre/area.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/placement.hpp>
#include <acre/topology.hpp>

#include <map>
#include <memory_resource>
#include <optional>
#include <vector>

namespace {

using values = std::vector<int, acre::numa_allocator<int>>;
using pair_type = std::pair<const int, int>;
using table = std::map<int, int, std::less<>, acre::numa_allocator<pair_type>>;

// Made before any pool is, so destroyed after anything that the pools would leave to static destruction.
struct late {
  std::optional<values> some;
  std::optional<table> others;
  acre::area* eager = nullptr;  // lives on
  ~late() {
    eager->deallocate(eager->allocate(65'536), 65'536);
    some->resize(100'000, 2);
    for (int i = 0; i != 1000; ++i) (*others)[i] = i;
  }
};
late outlives_all;

// Pools in static initialisation.
values early(1000, 1, acre::placement::local());

}  // namespace

int main() {
  outlives_all.some.emplace(1000U, 1, acre::placement::local());
  outlives_all.others.emplace(acre::numa_allocator<pair_type>());
  early.push_back(1);
  const acre::node_id node = acre::topology::system().default_nodes().first();
  outlives_all.eager = new acre::area(acre::placement::bind({node}), {.commit = acre::commit::eager});
  outlives_all.eager->deallocate(outlives_all.eager->allocate(65'536), 65'536);
  return outlives_all.some->size() + 1 == early.size() ? 0 : 1;
}
