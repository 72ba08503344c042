// A process whose cpuset allows node 0 only (MEMS in test/vm/CMakeLists.txt).
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/node_pools.hpp>
#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(restricted)

BOOST_AUTO_TEST_CASE(knows_which_nodes_are_allowed) {
  BOOST_TEST_REQUIRE(same(usable_nodes(), nodes{0}));
  const topology& machine = topology::system();
  BOOST_TEST(machine.allowed_nodes() == node_set{0});
  BOOST_TEST(machine.default_nodes() == node_set{0});
  BOOST_TEST(machine.memory_nodes() == to_node_set(memory_nodes()));
}

BOOST_AUTO_TEST_CASE(refuses_forbidden_nodes) {
  const unsigned forbidden = *memory_nodes().rbegin();
  BOOST_TEST_REQUIRE(forbidden != 0U);
  BOOST_CHECK_EXCEPTION(area a(placement::bind({forbidden})), error, with_code(errc::node_not_allowed));
  BOOST_CHECK_EXCEPTION(area a(placement::prefer({forbidden})), error, with_code(errc::node_not_allowed));
  BOOST_CHECK_EXCEPTION(area a(placement::interleave({0, forbidden})), error,
                        with_code(errc::node_not_allowed));
  BOOST_CHECK_EXCEPTION(area a(placement::interleave(to_node_set(memory_nodes()))), error,
                        with_code(errc::node_not_allowed));
}

/// The topology is loaded by such a thread.
BOOST_AUTO_TEST_CASE(tells_allowed_nodes_to_threads_of_forbidden_ones, *boost::unit_test::label("alone")) {
  for (unsigned cpu : one_cpu_per_node()) {
    const pinned there(cpu);
    BOOST_TEST_INFO("CPU " << cpu);
    BOOST_TEST(topology::system().local_nodes() == node_set{0});
  }
}

BOOST_AUTO_TEST_CASE(interleaves_over_what_is_allowed) {
  area a(placement::interleave(topology::system().default_nodes()));
  const std::size_t bytes = 20 * base_page();
  void* p = a.allocate(bytes);
  touch_in_turn(p, bytes, base_page());
  expect_all_on(0, p, bytes);
  BOOST_TEST(a.check_block(p, bytes));
  a.deallocate(p, bytes);
}

BOOST_AUTO_TEST_CASE(has_pools_of_the_allowed_nodes_that_serve_all_threads) {
  node_pools pools;
  BOOST_TEST(pools.nodes() == node_set{0});
  for (unsigned cpu : one_cpu_per_node()) {
    const pinned there(cpu);
    BOOST_TEST(pools.here() == 0U);
    void* p = pools.allocate(100'000);
    touch(p, 100'000);
    expect_all_on(0, p, 100'000);
    pools.deallocate(p, 100'000);
  }
  const unsigned forbidden = *memory_nodes().rbegin();
  BOOST_CHECK_EXCEPTION(node_pools wrong(node_set{forbidden}), error, with_code(errc::node_not_allowed));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
