// oom_safe_populate: the plan under which pages of hard memory are made.
#include "observe/oom_safe_populate.hpp"

#include <boost/test/unit_test.hpp>

#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t page = 4096;

BOOST_AUTO_TEST_SUITE(a_plan_that_is_populated_without_the_oom_killer)

BOOST_AUTO_TEST_CASE(prefers_what_it_binds_and_leaves_all_else) {
  const plan hard{.ranges = {{0, page, {policy_mode::bind, {0}}},
                             {page, 2 * page, {policy_mode::interleave, {0, 1}}},
                             {3 * page, page, {policy_mode::bind, {1, 2}}}},
                  .bytes = 4 * page,
                  .page_size = page};
  const plan soft = softened(hard);
  BOOST_TEST((soft.ranges == std::vector<plan_range>{{0, page, {policy_mode::prefer, {0}}},
                                                     {page, 2 * page, {policy_mode::interleave, {0, 1}}},
                                                     {3 * page, page, {policy_mode::prefer, {1, 2}}}}));
  BOOST_TEST(soft.bytes == hard.bytes);
  BOOST_TEST(soft.page_size == hard.page_size);
}

BOOST_AUTO_TEST_CASE(is_one_that_binds_something) {
  plan p{.ranges = {{0, page, {policy_mode::prefer, {0}}}}, .bytes = 2 * page, .page_size = page};
  BOOST_TEST(!has_hard(p));
  p.ranges.push_back({page, page, {policy_mode::bind, {0}}});
  BOOST_TEST(has_hard(p));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
