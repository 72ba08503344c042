// node_pools on whatever nodes this machine has; test/multinode has the tests of where blocks lie.
#include <acre/node_pools.hpp>

#include <acre/error.hpp>

#include "support/machine.hpp"
#include "support/mappings.hpp"
#include "support/resource_conformance.hpp"
#include "support/sanitizers.hpp"
#include "support/throws.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace acre::test {
namespace {

using testing::HasSubstr;

class node_pools_factory {
 public:
  static constexpr std::size_t largest_alignment = 4U << 20;
  static constexpr std::size_t blocks = 2000;
  std::pmr::memory_resource& resource() { return x_pools; }

 private:
  node_pools x_pools;
};

INSTANTIATE_TYPED_TEST_SUITE_P(node_pools, resource_conformance, node_pools_factory);

/// Watched by nobody, so that statistics are those of caches.
pool_options unguarded() { return {.guarding = guarding::off}; }

TEST(node_pools, are_there_for_every_node) {
  node_pools pools;
  EXPECT_EQ(pools.nodes(), to_node_set(usable_nodes()));
  EXPECT_TRUE(pools.nodes().contains(pools.here()));
  for (const node_id node : pools.nodes()) {
    void* const p = pools.allocate_on(node, 1000);
    EXPECT_EQ(pools.owner(p), node);
    EXPECT_EQ(pools.pool(node).statistics().live_blocks, 1U);
    pools.deallocate(p, 1000);
    EXPECT_EQ(pools.pool(node).statistics().live_blocks, 0U);
  }
}

TEST(node_pools, know_the_owner_of_every_address_of_a_block_and_of_nothing_else) {
  node_pools pools;
  const node_pools others;
  const node_id node = usable_list().front();
  for (const std::size_t bytes :
       {std::size_t{1}, std::size_t{5000}, std::size_t{1} << 20, std::size_t{40} << 20}) {
    auto* const p = static_cast<char*>(pools.allocate_on(node, bytes));
    EXPECT_EQ(pools.owner(p), node);
    EXPECT_EQ(pools.owner(p + bytes / 2), node);
    EXPECT_EQ(pools.owner(p + bytes - 1), node);
    EXPECT_EQ(others.owner(p), std::nullopt);
    pools.deallocate(p, bytes);
  }
  const int local = 0;
  const auto heap = std::make_unique<int>();
  EXPECT_EQ(pools.owner(&local), std::nullopt);
  EXPECT_EQ(pools.owner(heap.get()), std::nullopt);
  EXPECT_EQ(pools.owner(nullptr), std::nullopt);
  EXPECT_EQ(pools.owner(reinterpret_cast<const void*>(~std::uintptr_t{0})), std::nullopt);
}

TEST(node_pools, own_nothing_that_went_back_to_the_system) {
  node_pools pools;
  void* const p = pools.allocate(std::size_t{40} << 20);
  pools.deallocate(p, std::size_t{40} << 20);
  pools.trim();
  EXPECT_EQ(pools.owner(p), std::nullopt);
  void* const small = pools.allocate(100);
  pools.release();
  EXPECT_EQ(pools.owner(small), std::nullopt);
  EXPECT_EQ(pools.statistics().mapped_bytes, 0U);
}

TEST(node_pools, can_be_used_again_after_release) {
  node_pools pools;
  for (int round = 0; round != 3; ++round) {
    for (std::size_t i = 0; i != 1000; ++i) static_cast<void>(pools.allocate(i * 10));
    pools.release();
    EXPECT_EQ(pools.statistics().live_blocks, 0U);
  }
}

TEST(node_pools, of_no_or_unknown_nodes_are_an_error) {
  EXPECT_EQ(code_thrown([] { node_pools pools(node_set{}); }), errc::empty_node_set);
  EXPECT_EQ(code_thrown([] { node_pools pools(node_set{1000}); }), errc::unknown_node);
  EXPECT_EQ(code_thrown([] { node_pools pools({.largest_small = 1U << 20}); }), errc::invalid_argument);
  const topology elsewhere = topology::from_synthetic("numa:2 core:1 pu:1");
  EXPECT_EQ(code_thrown([&] { node_pools pools({}, elsewhere); }), errc::foreign_topology);
}

TEST(node_pools, have_no_pool_for_other_nodes) {
  node_pools pools;
  const auto no_pool = [](auto call) {
    try {
      call();
      ADD_FAILURE() << "there is a pool";
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::unknown_node);
      EXPECT_THAT(e.what(), HasSubstr("node 1000 has no pool"));
    }
  };
  no_pool([&] { static_cast<void>(pools.allocate_on(1000, 8)); });
  no_pool([&] { pools.pool(1000); });
  no_pool([&] { static_cast<void>(std::as_const(pools).pool(1000)); });
}

TEST(node_pools, refuse_blocks_that_no_pool_owns) {
  node_pools pools;
  const auto heap = std::make_unique<std::max_align_t>();
  std::ostringstream address;
  address << static_cast<void*>(heap.get());
  try {
    pools.deallocate(heap.get(), 16);
    ADD_FAILURE() << "freed";
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_THAT(e.what(), HasSubstr(address.str()));
  }
  EXPECT_EQ(pools.statistics().deallocations, 0U);
}

TEST(node_pools, watch_over_their_blocks_where_asked_to) {
  node_pools pools({.guarding = guarding::on});
  void* const p = pools.allocate(100);
  EXPECT_EQ(code_thrown([&] { pools.deallocate(p, 300); }), errc::invalid_argument);
  pools.deallocate(p, 100);
  EXPECT_EQ(code_thrown([&] { pools.deallocate(p, 100); }), errc::invalid_argument);
}

TEST(node_pools, sum_up_their_statistics) {
  node_pools pools(unguarded());
  std::vector<void*> blocks;
  for (const node_id node : pools.nodes()) {
    for (int i = 0; i != 100; ++i) blocks.push_back(pools.allocate_on(node, 640));
  }
  pool_statistics s = pools.statistics();
  EXPECT_EQ(s.allocations, blocks.size());
  EXPECT_EQ(s.live_blocks, blocks.size());
  EXPECT_EQ(s.live_bytes, blocks.size() * 640);
  EXPECT_GE(s.mapped_bytes, s.used_bytes);
  EXPECT_EQ(s.thread_caches, pools.nodes().size());
  for (void* p : blocks) pools.deallocate(p, 640);
  EXPECT_GT(pools.trim(), 0U);
  s = pools.statistics();
  EXPECT_EQ(s.deallocations, blocks.size());
  EXPECT_EQ(s.live_blocks, 0U);
  EXPECT_EQ(s.trims, pools.nodes().size());
}

TEST(node_pools, tell_where_their_pages_are) {
  node_pools pools;
  auto* const p = static_cast<char*>(pools.allocate(std::size_t{32} << 20));
  for (std::size_t at = 0; at < std::size_t{32} << 20; at += base_page()) p[at] = 1;
  const residency r = pools.resident();
  EXPECT_GE(r.on(pools.owner(p).value()), (std::size_t{32} << 20) / base_page());
  EXPECT_EQ(r.page_size, base_page());
  pools.deallocate(p, std::size_t{32} << 20);
}

TEST(node_pools, take_back_what_other_threads_free) {
  node_pools pools(unguarded());
  for (int round = 0; round != 5; ++round) {
    std::vector<void*> blocks;
    for (std::size_t i = 0; i != 5000; ++i) blocks.push_back(pools.allocate(i % 3000));
    std::thread([&] {
      for (std::size_t i = 0; i != 5000; ++i) pools.deallocate(blocks[i], i % 3000);
    }).join();
    EXPECT_EQ(pools.statistics().live_blocks, 0U);
  }
  // What the freeing threads had is used again.
  EXPECT_LT(pools.statistics().used_peak, std::size_t{24} << 20);
}

TEST(node_pools, lose_nothing_when_threads_end) {
  node_pools pools(unguarded());
  for (int round = 0; round != 20; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t != 4; ++t) {
      threads.emplace_back([&] {
        std::vector<void*> blocks;
        for (std::size_t i = 0; i != 2000; ++i) blocks.push_back(pools.allocate(200));
        for (void* p : blocks) pools.deallocate(p, 200);
      });
    }
    for (std::thread& t : threads) t.join();
  }
  const pool_statistics s = pools.statistics();
  EXPECT_EQ(s.live_blocks, 0U);
  EXPECT_EQ(s.thread_caches, 0U);
  EXPECT_LT(s.used_peak, std::size_t{8} << 20);
  pools.trim();
  EXPECT_EQ(pools.statistics().used_bytes, 0U);
}

TEST(node_pools, leave_no_mapping_behind) {
  { node_pools warm; }
  const no_new_mappings check;
  for (int round = 0; round != 10; ++round) {
    node_pools pools;
    for (std::size_t i = 0; i != 500; ++i) static_cast<void>(pools.allocate(i * 300));
  }
}

}  // namespace
}  // namespace acre::test
