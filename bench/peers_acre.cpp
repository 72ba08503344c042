// acre's pools.
#include <acre/pool_resource.hpp>

#include "peers.hpp"

namespace bench {
namespace {

subject make(acre::page_kind pages) {
  auto memory = std::make_unique<acre::pool_resource>(acre::placement::bind({node()}),
                                                      acre::pool_options{.pages = pages});
  acre::pool_resource* const pool = memory.get();
  const auto owns = [=](const void* p) { return pool->statistics().live_blocks != 0 && is_bound(p); };
  return {std::move(memory), owns, [=] { pool->trim(); }};
}

}  // namespace

std::vector<peer> acre_peers() {
  return {
      {.who = "acre::pool_resource, 4 KiB pages",
       .make = [] { return make(acre::page_kind::system); },
       .own = true},
      {.who = "acre::pool_resource",
       .make = [] { return make(acre::page_kind::transparent_huge); },
       .own = true},
  };
}

}  // namespace bench
