// node_pools: blocks of each node stay on it, whoever frees them and whoever gets them next.
#include <acre/node_pools.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory_resource>
#include <vector>

#include "multinode/churn.hpp"
#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

constexpr std::size_t sizes[] = {
    1, 64, 1000, 8192, 40'000, 300'000, std::size_t{3} << 20, std::size_t{17} << 20};

placed_block allocate_on(node_pools& pools, unsigned node, std::size_t bytes) {
  return {static_cast<char*>(pools.allocate_on(node, bytes, 8)), bytes, node};
}

void give_back(std::pmr::memory_resource& r, const placed_block& b) { r.deallocate(b.p, b.bytes, 8); }

void touch_all(const std::vector<placed_block>& blocks) {
  for (const placed_block& b : blocks) touch(b.p, b.bytes);
}

TEST(node_pools, serve_each_thread_from_the_nearest_node_with_memory) {
  node_pools pools;
  EXPECT_EQ(pools.nodes(), to_node_set(usable_nodes()));
  for (const unsigned cpu : one_cpu_per_node()) {
    SCOPED_TRACE(cpu);
    const pinned there(cpu);
    const unsigned node = pools.here();
    EXPECT_TRUE(nearest(node_of_cpu(cpu), usable_nodes()).contains(node)) << node;
    std::vector<placed_block> blocks;
    for (const std::size_t bytes : sizes) {
      blocks.push_back({static_cast<char*>(pools.allocate(bytes, 8)), bytes, node});
      EXPECT_EQ(pools.owner(blocks.back().p), node);
      EXPECT_EQ(pools.owner(blocks.back().p + bytes - 1), node);
    }
    touch_all(blocks);
    expect_all_in_place(blocks);
    for (const placed_block& b : blocks) give_back(pools, b);
  }
  EXPECT_EQ(pools.statistics().foreign_frees, 0U);
}

TEST(node_pools, give_blocks_of_the_node_asked_for) {
  node_pools pools;
  for (const unsigned cpu : one_cpu_per_node()) {
    const pinned there(cpu);
    std::vector<placed_block> blocks;
    for (const unsigned node : usable_nodes()) {
      for (const std::size_t bytes : sizes) blocks.push_back(allocate_on(pools, node, bytes));
    }
    touch_all(blocks);
    expect_all_in_place(blocks);
    for (const placed_block& b : blocks) {
      EXPECT_EQ(pools.owner(b.p), b.node);
      give_back(pools, b);
    }
  }
}

void expect_pools_on_their_nodes(const node_pools& pools) {
  for (const unsigned node : pools.nodes()) {
    const residency r = pools.pool(node).resident();
    EXPECT_EQ(r.resident(), r.on(node)) << "pool of node " << node << ": " << r;
  }
}

/// Two generations of threads: the caches of the first are gone when the second begins.
void churn_twice(node_pools& pools, const std::function<placed_block(std::size_t)>& allocate,
                 const churn_options& options) {
  for (int generation = 0; generation != 2; ++generation) {
    const auto live = churn(
        allocate, [&](const placed_block& b) { give_back(pools, b); }, options);
    EXPECT_EQ(pools.statistics().live_blocks, live.size());
    expect_all_in_place(live);
    expect_pools_on_their_nodes(pools);
    for (const placed_block& b : live) give_back(pools, b);
    EXPECT_EQ(pools.statistics().live_blocks, 0U);
  }
}

TEST(node_pools, keep_every_block_on_its_node_through_churn) {
  node_pools pools;
  churn_twice(pools,
              [&](std::size_t bytes) {
                char* const p = static_cast<char*>(pools.allocate(bytes, 8));
                return placed_block{p, bytes, pools.here()};
              },
              {});
  nodes asked;
  for (const unsigned cpu : one_cpu_per_node()) {
    const pinned there(cpu);
    asked.insert(pools.here());
  }
  EXPECT_EQ(pools.statistics().foreign_frees > 0, asked.size() > 1);
}

TEST(node_pools, keep_blocks_asked_for_by_node_through_churn_and_trims) {
  node_pools pools;
  const std::vector<unsigned> usable = usable_list();
  std::atomic<std::size_t> turn = 0;
  churn_options options;
  options.between = [&] { EXPECT_NO_THROW(pools.trim()); };
  churn_twice(
      pools, [&](std::size_t bytes) { return allocate_on(pools, usable[turn++ % usable.size()], bytes); },
      options);
}

TEST(node_pools, use_retained_pages_again_where_they_lie) {
  node_pools pools;
  const std::size_t bytes = std::size_t{8} << 20;
  for (const unsigned node : usable_nodes()) {
    const placed_block first = allocate_on(pools, node, bytes);
    touch(first.p, bytes);
    for (const unsigned cpu : one_cpu_per_node()) {
      const pinned there(cpu);
      give_back(pools, first);
      const placed_block again = allocate_on(pools, node, bytes);
      ASSERT_EQ(again.p, first.p);
      EXPECT_EQ(count_untouched(again.p, bytes), 0U) << "retained pages need no fault";
      expect_all_on(node, again.p, bytes);
    }
    give_back(pools, first);
  }
}

// Little memory from each CPU: since Linux 6.7 each may keep an eighth of a node's pages, freed by it, in its own lists,
// and a node without reclaimable pages goes to the OOM killer before it takes them back (seen: 196 of 252 MiB).
TEST(node_pools, place_pages_on_their_node_again_after_a_trim) {
  node_pools pools;
  for (const unsigned node : usable_nodes()) {
    for (const unsigned cpu : one_cpu_per_node()) {
      const pinned there(cpu);
      std::vector<placed_block> blocks;
      for (int i = 0; i != 1000; ++i) blocks.push_back(allocate_on(pools, node, 2000));
      for (const std::size_t bytes : {40'000U, 300'000U, 3U << 20}) {
        blocks.push_back(allocate_on(pools, node, bytes));
      }
      touch_all(blocks);
      expect_all_in_place(blocks);
      // A few blocks live on, so that pages go and not whole mappings.
      while (blocks.size() > 5) {
        give_back(pools, blocks.back());
        blocks.pop_back();
      }
      EXPECT_GT(pools.trim(), std::size_t{1} << 20);
      for (const placed_block& b : blocks) give_back(pools, b);
    }
  }
}

TEST(node_pools, that_are_soft_prefer_their_node) {
  node_pools pools(to_node_set(usable_nodes()), {}, strictness::soft);
  for (const unsigned node : usable_nodes()) {
    const placed_block b = allocate_on(pools, node, 500'000);
    touch(b.p, b.bytes);
    expect_all_on(node, b.p, b.bytes);
    EXPECT_EQ(policy_at(b.p), (kernel_policy{mpol::preferred_many, {node}}));
    give_back(pools, b);
  }
}

TEST(node_pools, for_some_nodes_serve_the_others_threads_too) {
  const unsigned last = usable_list().back();
  node_pools pools({last});
  for (const unsigned cpu : one_cpu_per_node()) {
    const pinned there(cpu);
    EXPECT_EQ(pools.here(), last);
    const placed_block b{static_cast<char*>(pools.allocate(100'000, 8)), 100'000, last};
    touch(b.p, b.bytes);
    expect_all_on(last, b.p, b.bytes);
    give_back(pools, b);
  }
}

TEST(node_pools, of_nodes_that_cannot_be_used_are_an_error) {
  EXPECT_EQ(code_of([] { node_pools pools(node_set{}); }), errc::empty_node_set);
  EXPECT_EQ(code_of([] { node_pools pools(node_set{1000}); }), errc::unknown_node);
  for (const unsigned node : online_nodes()) {
    if (memory_nodes().contains(node)) continue;
    EXPECT_EQ(code_of([&] { node_pools pools(node_set{node}); }), errc::node_without_memory);
    node_pools pools;
    EXPECT_EQ(code_of([&] { static_cast<void>(pools.allocate_on(node, 8)); }), errc::unknown_node);
  }
}

}  // namespace
}  // namespace acre::test
