// Nodes that cannot be used are named errors when an area is made, and nothing is left behind.
#include <acre/area.hpp>
#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

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
    BOOST_TEST_INFO(where);
    BOOST_CHECK_EXCEPTION(area a(where), error, with_code(expected));
  }
  BOOST_TEST(count_mappings() <= mappings + 1);
}

BOOST_AUTO_TEST_SUITE(unknown_nodes)

BOOST_AUTO_TEST_CASE(are_refused) {
  expect_refused(*online_nodes().rbegin() + 1, errc::unknown_node);
  expect_refused(1023, errc::unknown_node);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sparse_numbers)

BOOST_AUTO_TEST_CASE(leave_out_nodes_that_are_unknown) {
  BOOST_TEST(topology::system().nodes() == (node_set{0, 2}));
  BOOST_TEST(topology::system().default_nodes() == (node_set{0, 2}));
  expect_refused(1, errc::unknown_node);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(memory_less_nodes)

BOOST_AUTO_TEST_CASE(are_known_and_refused) {
  const topology& machine = topology::system();
  BOOST_TEST(machine.nodes().contains(1));
  BOOST_TEST(machine.memory_nodes() == (node_set{0, 2}));
  BOOST_TEST(machine.default_nodes() == (node_set{0, 2}));
  expect_refused(1, errc::node_without_memory);
}

/// The topology is loaded by such a thread.
BOOST_AUTO_TEST_CASE(have_threads_whose_memory_lies_nearest, *boost::unit_test::label("alone")) {
  const pinned there(node_cpus(1).at(0));
  BOOST_TEST(topology::system().local_nodes() == node_set{2});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
