// acre's pools.
#include <acre/node_pools.hpp>
#include <acre/pool_resource.hpp>

#include "peers.hpp"

namespace bench {
namespace {

subject make(acre::page_kind kind, acre::commit when = acre::commit::eager) {
  auto memory = std::make_unique<acre::pool_resource>(acre::placement::bind({node()}),
                                                      acre::pool_options{.page_kind = kind, .commit = when});
  acre::pool_resource* const pool = memory.get();
  const auto owns = [=](const void* p) { return pool->statistics().live_blocks != 0 && is_bound(p); };
  return {std::move(memory), owns, [=] { pool->trim(); }};
}

subject make_node_pools() {
  auto memory = std::make_unique<acre::node_pools>();
  acre::node_pools* const pools = memory.get();
  return {std::move(memory), [=](const void* p) { return pools->owner(p).has_value(); },
          [=] { pools->trim(); }};
}

}  // namespace

std::vector<peer> acre_peers() {
  return {
      {.who = "acre::pool_resource",
       .make = [] { return make(acre::page_kind::transparent_huge); },
       .own = true},
      {.who = "acre::pool_resource, 4 KiB pages",
       .make = [] { return make(acre::page_kind::system); },
       .own = true},
      // What it costs that a full node is an exception.
      {.who = "acre::pool_resource, lazy",
       .make = [] { return make(acre::page_kind::transparent_huge, acre::commit::lazy); },
       .own = true},
      {.who = "acre::pool_resource, 4 KiB pages, lazy",
       .make = [] { return make(acre::page_kind::system, acre::commit::lazy); },
       .own = true},
      {.who = "acre::node_pools", .make = make_node_pools, .own = true},
  };
}

}  // namespace bench
