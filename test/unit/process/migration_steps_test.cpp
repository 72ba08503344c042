// Which node's pages go where, and in what order: what migrate_pages(2) does in one call.
#include "process/migration_steps.hpp"

#include <boost/test/unit_test.hpp>

#include <ostream>
#include <vector>

#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre {

static std::ostream& boost_test_print_type(std::ostream& out, const migration_step& s) {
  return out << s.from << "->" << s.to;
}

}  // namespace acre

namespace acre::test {
namespace {

using steps = std::vector<migration_step>;

BOOST_AUTO_TEST_SUITE(migration_steps)
using acre::migration_steps;

BOOST_AUTO_TEST_CASE(lead_from_the_nth_to_the_nth_node) {
  BOOST_TEST(same(migration_steps({0}, {1}), steps{{0, 1}}));
  BOOST_TEST(same(migration_steps({0, 1}, {2, 3}), steps{{0, 2}, {1, 3}}));
  BOOST_TEST(same(migration_steps({1, 5}, {0, 1023}), steps{{1, 0}, {5, 1023}}));
}

BOOST_AUTO_TEST_CASE(go_round_where_there_are_fewer_targets) {
  BOOST_TEST(same(migration_steps({0, 1, 2}, {4, 5}), steps{{0, 4}, {1, 5}, {2, 4}}));
  BOOST_TEST(same(migration_steps({0}, {4, 5}), steps{{0, 4}}));
}

BOOST_AUTO_TEST_CASE(leave_alone_what_stays) {
  BOOST_TEST(same(migration_steps({0, 1}, {0, 1}), steps{}));
  BOOST_TEST(same(migration_steps({0, 2}, {0, 1}), steps{{2, 1}}));
  BOOST_TEST(same(migration_steps({0, 1, 2}, {0, 1}), steps{{2, 0}}));
  BOOST_TEST(same(migration_steps({1}, {0, 1}), steps{}));
  BOOST_TEST(same(migration_steps({}, {1}), steps{}));
}

BOOST_AUTO_TEST_CASE(clear_a_node_before_it_is_filled) {
  BOOST_TEST(same(migration_steps({0, 1}, {1, 2}), steps{{1, 2}, {0, 1}}));
  BOOST_TEST(same(migration_steps({1, 2}, {0, 1}), steps{{1, 0}, {2, 1}}));
  BOOST_TEST(same(migration_steps({0, 1, 2}, {1, 2, 3}), steps{{2, 3}, {1, 2}, {0, 1}}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
