// strategies: the table says of every strategy what its placements and plans are.
#include "placement/strategies.hpp"

#include <acre/error.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "placement/kernel_policy.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"

#include "plan_machines.hpp"

namespace acre::test {
namespace {

constexpr std::size_t page = 4096;

/// One placement of each strategy, in the order of the table.
std::vector<placement> one_of_each() {
  std::vector<placement> all;
  for (const detail::strategy_row& row : detail::strategies()) {
    all.push_back(
        row.make != nullptr
            ? row.make({.nodes = {0, 1}, .weights = {{0, 1}, {1, 2}}, .chunk = {}})
            : placement::by_page([](std::size_t i, std::size_t) { return node_id(i % 2); }, {0, 1}));
  }
  return all;
}

topology two_nodes() { return machine_of({{0, std::uint64_t{1} << 30}, {1, std::uint64_t{1} << 30}}); }

BOOST_AUTO_TEST_SUITE(the_table_of_strategies)

BOOST_AUTO_TEST_CASE(has_a_row_for_each_where_it_is_looked_for) {
  const std::vector<placement> all = one_of_each();
  for (std::size_t i = 0; i != all.size(); ++i) {
    BOOST_TEST((all[i].strategy() == static_cast<strategy>(i)));
    BOOST_TEST(&detail::row_of(all[i].strategy()) == &detail::strategies()[i]);
  }
}

BOOST_AUTO_TEST_CASE(has_names_that_are_no_others) {
  std::set<std::string_view> names;
  for (const detail::strategy_row& row : detail::strategies()) {
    BOOST_TEST(names.insert(row.name).second, row.name);
    if (!row.soft_name.empty()) BOOST_TEST(names.insert(row.soft_name).second, row.soft_name);
  }
}

BOOST_AUTO_TEST_CASE(says_how_placements_are_made) {
  for (const placement& where : one_of_each()) {
    BOOST_TEST_CONTEXT(where.to_string()) {
      const detail::strategy_row& row = detail::row_of(where.strategy());
      BOOST_TEST((where.strictness() == row.strictness));
      BOOST_TEST(where.nodes().empty() == (row.takes == detail::operand::none));
      if (row.never_hard.empty()) {
        BOOST_TEST(where.hard().is_hard());
      } else {
        BOOST_CHECK_EXCEPTION(static_cast<void>(where.hard()), error,
                              with_code(errc::unsupported_placement).saying(row.never_hard));
      }
      if (row.has_chunk) {
        BOOST_TEST((where.by(2 * page).chunk() == chunk(2 * page)));
      } else {
        BOOST_CHECK_EXCEPTION(static_cast<void>(where.by(2 * page)), error,
                              with_code(errc::unsupported_placement));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(says_which_policies_plans_have) {
  for (const placement& where : one_of_each()) {
    BOOST_TEST_CONTEXT(where.to_string()) {
      const detail::strategy_row& row = detail::row_of(where.strategy());
      for (const placement& form : {where.soft(), row.never_hard.empty() ? where.hard() : where}) {
        const plan p = make_plan(form, 8 * page, two_nodes(), {.page_size = page});
        const bool one_policy = detail::layout_of(form) != detail::layout::position;
        BOOST_TEST((p.ranges.size() == 1 || !one_policy));
        if (detail::goes_in_rounds(form, page)) BOOST_TEST(!one_policy);
        BOOST_TEST(detail::binds(form) == (p.ranges.front().policy.mode != policy_mode::unbound));
        // By page the kernel deals out what a soft interleave wants.
        const bool by_kernel = row.goes_round_as_kernel && one_policy;
        const policy_mode expected = form.is_hard() ? policy_mode::bind
                                     : by_kernel    ? policy_mode::interleave
                                                    : row.soft_mode;
        for (const plan_range& r : p.ranges) BOOST_TEST((r.policy.mode == expected));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(says_why_a_thread_cannot_have_what_goes_by_position) {
  for (const placement& where : one_of_each()) {
    if (detail::layout_of(where) != detail::layout::position) continue;
    BOOST_TEST(!detail::row_of(where.strategy()).not_for_threads.empty(), where.to_string());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
