// room: what a plan needs of the nodes that it binds to.
#include "observe/room.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t page = 4096;

BOOST_AUTO_TEST_SUITE(the_room_for_a_plan)

BOOST_AUTO_TEST_CASE(is_summed_up_for_ranges_that_are_bound_to_the_same_nodes) {
  const plan p{.ranges = {{0, page, {policy_mode::bind, {0}}},
                          {page, 2 * page, {policy_mode::bind, {1}}},
                          {3 * page, 4 * page, {policy_mode::bind, {0}}},
                          {7 * page, page, {policy_mode::bind, {0, 1}}}},
               .bytes = 8 * page,
               .page_size = page};
  const std::vector<hard_need> needs = hard_needs(p);
  BOOST_TEST_REQUIRE(needs.size() == 3U);
  BOOST_TEST((needs[0].nodes == node_set{0} && needs[0].bytes == 5 * page));
  BOOST_TEST((needs[1].nodes == node_set{1} && needs[1].bytes == 2 * page));
  BOOST_TEST((needs[2].nodes == node_set{0, 1} && needs[2].bytes == page));
}

BOOST_AUTO_TEST_CASE(is_nothing_where_pages_may_lie_elsewhere) {
  const plan p{.ranges = {{0, page, {policy_mode::prefer, {0}}},
                          {page, page, {policy_mode::interleave, {0, 1}}},
                          {2 * page, page, {policy_mode::local, {}}}},
               .bytes = 3 * page,
               .page_size = page};
  BOOST_TEST(hard_needs(p).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
