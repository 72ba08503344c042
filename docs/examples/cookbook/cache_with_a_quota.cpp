// A cache that takes so much memory at most, and gives up what is oldest for what is new.
#include <acre/pool_resource.hpp>

#include <cstddef>
#include <iostream>
#include <list>
#include <memory_resource>
#include <vector>

#include "../require.hpp"

int main() {
  const acre::node_id node = acre::topology::system().local_nodes().first();
  acre::pool_resource pool(acre::placement::bind({node}), {.limit = 4 << 20});
  std::pmr::list<std::pmr::vector<char>> cache(&pool);
  const auto add = [&](std::size_t bytes) {
    while (true) {
      try {
        cache.emplace_front(bytes, 'x');
        return;
      } catch (const acre::allocation_error&) {  // the quota is used up, or the node is full
        if (cache.empty()) throw;
        cache.pop_back();
      }
    }
  };
  for (int i = 0; i != 1000; ++i) add(20'000);
  std::cout << cache.size() << " entries: " << pool.statistics() << '\n';

  require(!cache.empty() && cache.size() < 1000, "old entries made room");
  require(pool.statistics().used_peak <= *pool.options().limit, "the quota is kept");
  require(pool.resident().nodes() == acre::node_set{node}, "all of it lies on the node");
}
