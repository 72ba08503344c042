// refusal: what is left of a policy where the cpuset allows other nodes now.
#include "placement/refusal.hpp"

#include <acre/error.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>

#include "support/errors.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

const policy prefer{policy_mode::prefer, {0, 1}};

BOOST_AUTO_TEST_SUITE(of_a_policy)

BOOST_AUTO_TEST_CASE(all_is_left_where_its_nodes_are_allowed_or_nobody_tells) {
  BOOST_TEST((what_is_left(prefer, node_set{0, 1, 2}) == std::nullopt));
  BOOST_TEST((what_is_left(prefer, std::nullopt) == std::nullopt));
  BOOST_TEST((what_is_left({policy_mode::bind, {0}}, node_set{0}) == std::nullopt));
  BOOST_TEST((what_is_left({policy_mode::local, {}}, node_set{3}) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(the_nodes_that_are_allowed_are_left_if_it_is_soft) {
  BOOST_TEST((what_is_left(prefer, node_set{1, 2}) == policy{policy_mode::prefer, {1}}));
  BOOST_TEST((what_is_left({policy_mode::interleave, {0, 1, 2}}, node_set{0, 2}) ==
              policy{policy_mode::interleave, {0, 2}}));
}

BOOST_AUTO_TEST_CASE(local_is_left_if_it_is_soft_and_none_of_its_nodes_is_allowed) {
  BOOST_TEST((what_is_left(prefer, node_set{5}) == policy{policy_mode::local, {}}));
}

BOOST_AUTO_TEST_CASE(nothing_is_left_if_it_is_hard_and_one_node_is_not_allowed) {
  // No machine has this node.
  BOOST_CHECK_EXCEPTION(what_is_left({policy_mode::bind, {0, 1023}}, node_set{0}), error, [](const error& e) {
    return std::string(e.what()).find("1023") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(what_is_left_is_said_with_what_was_wanted) {
  const std::string text =
      say_what_is_left({policy_mode::prefer, {0, 1023}}, {policy_mode::prefer, {0}}, {0});
  BOOST_TEST(text.starts_with("'prefer 0,1023' is 'prefer 0': node 1023 is not "), text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
