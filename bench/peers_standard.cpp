// libstdc++'s two pools, over an area.
#include <acre/area.hpp>

#include "peers.hpp"

namespace bench {
namespace {

struct pages {
  acre::area area{acre::placement::bind({node()})};
};

/// Derived, so that a call of the pool is no more than one virtual call.
template <class Pool>
class over_area final : private pages, public Pool {
 public:
  over_area() : Pool(&area) {}
};

template <class Pool>
subject make() {
  auto memory = std::make_unique<over_area<Pool>>();
  over_area<Pool>* const pool = memory.get();
  // Its free memory goes back all at once, live blocks too: here there are none when memory is trimmed.
  return {std::move(memory), is_bound, [=] { pool->release(); }};
}

}  // namespace

std::vector<peer> standard_peers() {
  return {
      {.who = "pmr::synchronized_pool", .make = make<std::pmr::synchronized_pool_resource>, .own = true},
      {.who = "pmr::unsynchronized_pool",
       .make = make<std::pmr::unsynchronized_pool_resource>,
       .one_thread = true,
       .own = true},
  };
}

}  // namespace bench
