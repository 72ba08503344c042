// migrate: pages go where the new placement wants them, with their contents, and those that cannot are counted.
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/migrate.hpp>

#include <boost/test/unit_test.hpp>

#include <map>

#include "multinode/held_pages.hpp"
#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

struct bound_block : two_nodes {
  std::size_t page = base_page();
  std::size_t bytes = 32 * page;
  area from{placement::bind({first})};
  char* p = static_cast<char*>(from.allocate(bytes));

  ~bound_block() { from.deallocate(p, bytes); }
};

BOOST_FIXTURE_TEST_SUITE(migration_of, bound_block)

BOOST_AUTO_TEST_CASE(bound_pages_moves_all_and_keeps_their_contents) {
  sign_pages(p, bytes);
  const migration done = migrate(p, bytes, placement::bind({second}));
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(done.moved == 32U);
    BOOST_TEST(done.failed() == 0U);
  }
  expect_all_on(second, p, bytes);
  BOOST_TEST(policy_at(p) == (kernel_policy{mpol::bind, {second}}));
  BOOST_TEST(pages_are_signed(p, bytes));
  BOOST_TEST(check(p, bytes, placement::bind({second})));
}

BOOST_AUTO_TEST_CASE(pages_in_place_moves_none) {
  touch(p, bytes);
  const migration done = migrate(p, bytes, placement::bind({first}));
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(done.moved == 0U);
    BOOST_TEST(done.in_place == 32U);
  }
}

BOOST_AUTO_TEST_CASE(partly_touched_memory_places_the_rest_later) {
  touch(p, 10 * page);
  const migration done = migrate(p, bytes, placement::bind({second}));
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(done.moved == 10U);
    BOOST_TEST(done.untouched == 22U);
  }
  BOOST_TEST(count_untouched(p, bytes) == 22U);
  touch(p, bytes);
  expect_all_on(second, p, bytes);
}

BOOST_AUTO_TEST_CASE(pages_on_one_node_of_the_set_interleaves_them_anew) {
  sign_pages(p, bytes);
  const placement where = placement::interleave({first, second});
  const migration done = migrate(p, bytes, where);
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(done.moved == 16U);
    BOOST_TEST(done.in_place == 16U);
  }
  BOOST_TEST(same(count_pages(p, bytes), (std::map<unsigned, std::size_t>{{first, 16}, {second, 16}})));
  BOOST_TEST(policy_at(p) == (kernel_policy{mpol::interleave, {first, second}}));
  BOOST_TEST(check(p, bytes, where));
  BOOST_TEST(pages_are_signed(p, bytes));
}

BOOST_AUTO_TEST_CASE(pages_to_blocks_is_exact) {
  sign_pages(p, bytes);
  migrate(p, bytes, placement::blocked({{second, 3}, {first, 1}}));
  expect_all_on(second, p, 24 * page);
  expect_all_on(first, p + 24 * page, 8 * page);
  BOOST_TEST(pages_are_signed(p, bytes));
}

// The kernel gives up at the first pages in a row for one node that do not all move.
BOOST_AUTO_TEST_CASE(pages_beside_those_that_are_held_moves_them) {
  for (const std::size_t held : {std::size_t{2}, std::size_t{18}}) {
    BOOST_TEST_CONTEXT("pages " << held << " and " << held + 1 << " are held") {
      migrate(p, bytes, placement::interleave({first, second}, chunk::page));
      sign_pages(p, bytes);
      const held_pages some(p + held * page, 2 * page);
      const migration done = migrate(p, bytes, placement::blocked({{second, 1}, {first, 1}}));
      BOOST_TEST_CONTEXT(done) {
        BOOST_TEST(done.in_place == 16U);
        BOOST_TEST(done.moved == 15U);
        BOOST_TEST(done.busy == 1U);
        BOOST_TEST(*done.first_failed / (2 * page) == held / 2);
      }
      BOOST_TEST(pages_are_signed(p, bytes));
    }
  }
}

BOOST_AUTO_TEST_CASE(pages_that_a_child_maps_too_reports_them_as_shared) {
  sign_pages(p, bytes);
  const page_holder child;
  touch(p, 8 * page);  // these are this process's own copies now
  const migration done = migrate(p, bytes, placement::bind({second}));
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(done.moved + done.shared == 32U);
    // The kernel lets no one move pages of others with MPOL_MF_MOVE, whoever runs this.
    BOOST_TEST(done.shared == 24U);
    BOOST_TEST(done.first_failed == 8 * page);
  }
  expect_all_on(second, p, 8 * page);
  expect_all_on(first, p + 8 * page, 24 * page);
  BOOST_TEST(pages_are_signed(p, bytes));
}

BOOST_AUTO_TEST_CASE(transparent_huge_pages_moves_them) {
  const std::size_t huge = page_size(page_kind::transparent_huge);
  area_options options;
  options.page_kind = page_kind::transparent_huge;
  area a(placement::bind({first}), options);
  void* q = a.allocate(2 * huge);
  sign_pages(q, 2 * huge);
  const migration done = migrate(q, 2 * huge, placement::bind({second}));
  BOOST_TEST_INFO(done);
  BOOST_TEST(done.failed() == 0U);
  expect_all_on(second, q, 2 * huge);
  BOOST_TEST(pages_are_signed(q, 2 * huge));
  a.deallocate(q, 2 * huge);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
