// A process whose cpuset allows node 0 only.
#include <gtest/gtest.h>
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/node_pools.hpp>
#include <acre/topology.hpp>

#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

TEST(restricted, knows_which_nodes_are_allowed) {
  ASSERT_EQ(usable_nodes(), nodes{0});
  const topology& machine = topology::system();
  EXPECT_EQ(machine.allowed_nodes(), node_set{0});
  EXPECT_EQ(machine.default_nodes(), node_set{0});
  EXPECT_EQ(machine.memory_nodes(), to_node_set(memory_nodes()));
}

TEST(restricted, refuses_forbidden_nodes) {
  const unsigned forbidden = *memory_nodes().rbegin();
  ASSERT_NE(forbidden, 0U);
  EXPECT_EQ(code_of([&] { area a(placement::bind({forbidden})); }), errc::node_not_allowed);
  EXPECT_EQ(code_of([&] { area a(placement::prefer({forbidden})); }), errc::node_not_allowed);
  EXPECT_EQ(code_of([&] { area a(placement::interleave({0, forbidden})); }), errc::node_not_allowed);
  EXPECT_EQ(code_of([&] { area a(placement::interleave(to_node_set(memory_nodes()))); }),
            errc::node_not_allowed);
}

TEST(restricted, tells_allowed_nodes_to_threads_of_forbidden_ones) {
  for (unsigned cpu : one_cpu_per_node()) {
    const pinned there(cpu);
    EXPECT_EQ(topology::system().local_nodes(), node_set{0}) << "CPU " << cpu;
  }
}

TEST(restricted, interleaves_over_what_is_allowed) {
  area a(placement::interleave(topology::system().default_nodes()));
  const std::size_t bytes = 20 * base_page();
  void* p = a.allocate(bytes);
  touch_in_turn(p, bytes, base_page());
  expect_all_on(0, p, bytes);
  EXPECT_TRUE(a.check_block(p, bytes).ok());
  a.deallocate(p, bytes);
}

TEST(restricted, pools_are_for_the_allowed_nodes_and_serve_all_threads) {
  node_pools pools;
  EXPECT_EQ(pools.nodes(), node_set{0});
  for (unsigned cpu : one_cpu_per_node()) {
    const pinned there(cpu);
    EXPECT_EQ(pools.here(), 0U);
    void* p = pools.allocate(100'000);
    touch(p, 100'000);
    expect_all_on(0, p, 100'000);
    pools.deallocate(p, 100'000);
  }
  const unsigned forbidden = *memory_nodes().rbegin();
  EXPECT_EQ(code_of([&] { node_pools wrong(node_set{forbidden}); }), errc::node_not_allowed);
}

}  // namespace
}  // namespace acre::test
