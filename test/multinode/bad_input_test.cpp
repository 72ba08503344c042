// Nodes that cannot be used are named errors when an area is made, and nothing is left behind.
#include <gtest/gtest.h>
#include <acre/area.hpp>
#include <acre/topology.hpp>

#include "multinode/verify.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

void expect_refused(unsigned node, errc expected) {
  const unsigned good = *usable_nodes().begin();
  topology::system();
  const std::size_t mappings = count_mappings();
  for (const placement& where :
       {placement::bind({node}), placement::prefer({node}), placement::bind({good, node}),
        placement::interleave({good, node}), placement::weighted({{good, 1}, {node, 2}}),
        placement::blocked({good, node}), placement::most_free({good, node})}) {
    EXPECT_EQ(code_of([&] { area a(where); }), expected) << where;
  }
  EXPECT_LE(count_mappings(), mappings + 1);
}

TEST(unknown_nodes, are_refused) {
  expect_refused(*online_nodes().rbegin() + 1, errc::unknown_node);
  expect_refused(1023, errc::unknown_node);
}

TEST(sparse_numbers, leave_out_nodes_that_are_unknown) {
  EXPECT_EQ(topology::system().nodes(), (node_set{0, 2}));
  EXPECT_EQ(topology::system().default_nodes(), (node_set{0, 2}));
  expect_refused(1, errc::unknown_node);
}

TEST(memory_less_nodes, are_known_and_refused) {
  const topology& machine = topology::system();
  EXPECT_TRUE(machine.nodes().contains(1));
  EXPECT_EQ(machine.memory_nodes(), (node_set{0, 2}));
  EXPECT_EQ(machine.default_nodes(), (node_set{0, 2}));
  expect_refused(1, errc::node_without_memory);
}

TEST(memory_less_nodes, have_threads_whose_memory_lies_nearest) {
  const pinned there(node_cpus(1).at(0));
  EXPECT_EQ(topology::system().local_nodes(), node_set{2});
}

}  // namespace
}  // namespace acre::test
