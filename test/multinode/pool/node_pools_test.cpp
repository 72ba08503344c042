// node_pools: blocks of each node stay on it, whoever frees them and whoever gets them next.
#include <acre/node_pools.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory_resource>
#include <vector>

#include "multinode/churn.hpp"
#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

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

void expect_pools_on_their_nodes(const node_pools& pools) {
  for (const unsigned node : pools.nodes()) {
    const residency r = pools.pool(node).resident();
    BOOST_TEST_INFO("pool of node " << node << ": " << r);
    BOOST_TEST(r.resident() == r.on(node));
  }
}

/// Two generations of threads: the caches of the first are gone when the second begins.
void churn_twice(node_pools& pools, const std::function<placed_block(std::size_t)>& allocate,
                 const churn_options& options) {
  for (int generation = 0; generation != 2; ++generation) {
    const auto live = churn(
        allocate, [&](const placed_block& b) { give_back(pools, b); }, options);
    BOOST_TEST(pools.statistics().live_blocks == live.size());
    expect_all_in_place(live);
    expect_pools_on_their_nodes(pools);
    for (const placed_block& b : live) give_back(pools, b);
    BOOST_TEST(pools.statistics().live_blocks == 0U);
  }
}

BOOST_AUTO_TEST_SUITE(node_pools)

using acre::node_pools;

BOOST_AUTO_TEST_CASE(serve_each_thread_from_the_nearest_node_with_memory) {
  node_pools pools;
  BOOST_TEST(pools.nodes() == to_node_set(usable_nodes()));
  for (const unsigned cpu : one_cpu_per_node()) {
    BOOST_TEST_CONTEXT("CPU " << cpu) {
      const pinned there(cpu);
      const unsigned node = pools.here();
      BOOST_TEST(nearest(node_of_cpu(cpu), usable_nodes()).contains(node), "node " << node);
      std::vector<placed_block> blocks;
      for (const std::size_t bytes : sizes) {
        blocks.push_back({static_cast<char*>(pools.allocate(bytes, 8)), bytes, node});
        BOOST_TEST(pools.owner(blocks.back().p) == node);
        BOOST_TEST(pools.owner(blocks.back().p + bytes - 1) == node);
      }
      touch_all(blocks);
      expect_all_in_place(blocks);
      for (const placed_block& b : blocks) give_back(pools, b);
    }
  }
  BOOST_TEST(pools.statistics().remote_frees == 0U);
}

BOOST_AUTO_TEST_CASE(serve_a_thread_that_moves_on_from_where_it_is_now) {
  node_pools pools;
  std::vector<placed_block> blocks;
  for (int round = 0; round != 20; ++round) {
    for (const unsigned cpu : one_cpu_per_node()) {
      const pinned there(cpu);
      // First some of those that it had elsewhere: they are no sign of where it is.
      for (std::size_t i = 0; i < blocks.size(); i += 3) {
        give_back(pools, blocks[i]);
        blocks[i] = blocks.back();
        blocks.pop_back();
      }
      for (int i = 0; i != 8; ++i) {
        blocks.push_back({static_cast<char*>(pools.allocate(200, 8)), 200, pools.here()});
        BOOST_TEST_REQUIRE(pools.owner(blocks.back().p) == blocks.back().node);
        BOOST_TEST_REQUIRE(nearest(node_of_cpu(cpu), usable_nodes()).contains(blocks.back().node));
      }
    }
  }
  touch_all(blocks);
  expect_all_in_place(blocks);
  for (const placed_block& b : blocks) give_back(pools, b);
  BOOST_TEST(pools.statistics().live_blocks == 0U);
}

BOOST_AUTO_TEST_CASE(give_blocks_of_the_node_asked_for) {
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
      BOOST_TEST(pools.owner(b.p) == b.node);
      give_back(pools, b);
    }
  }
}

BOOST_AUTO_TEST_CASE(keep_every_block_on_its_node_through_churn) {
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
  BOOST_TEST((pools.statistics().remote_frees > 0) == (asked.size() > 1));
}

BOOST_AUTO_TEST_CASE(keep_blocks_asked_for_by_node_through_churn_and_trims) {
  node_pools pools;
  const std::vector<unsigned> usable = usable_list();
  std::atomic<std::size_t> turn = 0;
  churn_options options;
  // On one of the threads, which must not assert.
  std::size_t failed_trims = 0;
  options.between = [&] {
    try {
      pools.trim();
    } catch (...) {
      ++failed_trims;
    }
  };
  churn_twice(
      pools, [&](std::size_t bytes) { return allocate_on(pools, usable[turn++ % usable.size()], bytes); },
      options);
  BOOST_TEST(failed_trims == 0U);
}

BOOST_AUTO_TEST_CASE(use_retained_pages_again_where_they_lie) {
  node_pools pools;
  const std::size_t bytes = std::size_t{8} << 20;
  for (const unsigned node : usable_nodes()) {
    const placed_block first = allocate_on(pools, node, bytes);
    touch(first.p, bytes);
    for (const unsigned cpu : one_cpu_per_node()) {
      const pinned there(cpu);
      give_back(pools, first);
      const placed_block again = allocate_on(pools, node, bytes);
      BOOST_TEST_REQUIRE(static_cast<void*>(again.p) == static_cast<void*>(first.p));  // not as strings
      const std::vector<int> pages = page_nodes(again.p, bytes);
      // Retained pages need no fault.
      BOOST_TEST(std::ranges::count_if(pages, [](int n) { return n < 0; }) == 0);
      BOOST_TEST(std::ranges::count(pages, static_cast<int>(node)) == std::ssize(pages));
    }
    give_back(pools, first);
  }
}

// Little memory from each CPU: since Linux 6.7 each may keep an eighth of a node's pages, freed by it, in its own
// lists, and a node without reclaimable pages goes to the OOM killer before it takes them back (seen: 196 of 252
// MiB).
BOOST_AUTO_TEST_CASE(place_pages_on_their_node_again_after_a_trim) {
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
      BOOST_TEST(pools.trim() > (std::size_t{1} << 20));
      for (const placed_block& b : blocks) give_back(pools, b);
    }
  }
}

BOOST_AUTO_TEST_CASE(that_are_soft_prefer_their_node) {
  node_pools pools(to_node_set(usable_nodes()), {.strictness = strictness::soft});
  for (const unsigned node : usable_nodes()) {
    const placed_block b = allocate_on(pools, node, 500'000);
    touch(b.p, b.bytes);
    expect_all_on(node, b.p, b.bytes);
    BOOST_TEST(policy_at(b.p) == (kernel_policy{mpol::preferred_many, {node}}));
    give_back(pools, b);
  }
}

BOOST_AUTO_TEST_CASE(for_some_nodes_serve_the_others_threads_too) {
  const unsigned last = usable_list().back();
  node_pools pools({last});
  for (const unsigned cpu : one_cpu_per_node()) {
    const pinned there(cpu);
    BOOST_TEST(pools.here() == last);
    const placed_block b{static_cast<char*>(pools.allocate(100'000, 8)), 100'000, last};
    touch(b.p, b.bytes);
    expect_all_on(last, b.p, b.bytes);
    give_back(pools, b);
  }
}

BOOST_AUTO_TEST_CASE(of_nodes_that_cannot_be_used_are_an_error) {
  BOOST_CHECK_EXCEPTION(node_pools pools(node_set{}), error, with_code(errc::empty_node_set));
  BOOST_CHECK_EXCEPTION(node_pools pools(node_set{1000}), error, with_code(errc::unknown_node));
  for (const unsigned node : online_nodes()) {
    if (memory_nodes().contains(node)) continue;
    BOOST_CHECK_EXCEPTION(node_pools pools(node_set{node}), error, with_code(errc::node_without_memory));
    node_pools pools;
    BOOST_CHECK_EXCEPTION(static_cast<void>(pools.allocate_on(node, 8)), error,
                          with_code(errc::unknown_node));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
