// Pools that are used and destroyed after main: in static destructors, after the first thread's caches are gone, by
// objects older and younger than the pool, and by threads that still run.
#include <acre/numa_allocator.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>
#include <acre/resource_for.hpp>

#include <cstddef>
#include <cstdlib>
#include <memory_resource>
#include <optional>
#include <thread>
#include <vector>

namespace {

using numbers = std::vector<std::size_t, acre::numa_allocator<std::size_t>>;

void require(bool condition) {
  if (!condition) std::_Exit(1);
}

void use(std::pmr::memory_resource& r) {
  std::vector<void*> live;
  for (std::size_t i = 0; i != 2000; ++i) live.push_back(r.allocate(i, 8));
  for (std::size_t i = 0; i != 2000; ++i) r.deallocate(live[i], i, 8);
}

acre::pool_resource& the_pool();

/// Older than the pool, and destroyed after it: uses an immortal one.
struct older {
  std::optional<numbers> some;
  ~older() {
    require(some->size() == 1000 && (*some)[999] == 7);
    some.reset();
    use(*acre::resource_for(acre::placement::local()));
    use(*acre::default_resource());
    acre::pool_resource last(acre::placement::unbound());
    use(last);
    std::thread([&] { use(last); }).join();
  }
};
older the_older;

acre::pool_resource& the_pool() {
  static acre::pool_resource pool(acre::placement::unbound(), {.guarding = acre::guarding::off});
  return pool;
}

/// Younger: the pool is there when it goes, the caches of this thread are not.
struct younger {
  younger() : blocks(&the_pool()) { blocks.resize(50'000, 3); }
  ~younger() {
    require(blocks.back() == 3);
    use(the_pool());
    std::thread([] { use(the_pool()); }).join();
    blocks = numbers(&the_pool());
    require(the_pool().statistics().thread_caches == 0);
    require(the_pool().statistics().live_blocks == 0);
    the_pool().trim();
    require(the_pool().statistics().used_bytes == 0);
  }
  numbers blocks;
};
younger the_younger;

}  // namespace

int main() {
  the_older.some.emplace(1000U, 7U, acre::placement::local());
  use(the_pool());
  return the_pool().statistics().thread_caches == 1 ? 0 : 2;
}
