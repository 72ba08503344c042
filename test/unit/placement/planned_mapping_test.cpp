#include "placement/planned_mapping.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <map>
#include <random>
#include <vector>

#include "plan_machines.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t page = 4096;

const topology& four_nodes() {
  static const topology machine = plain_machine(4);
  return machine;
}

planned_mapping mapped(const placement& where, std::size_t bytes, std::size_t page_size = page) {
  planned_mapping m;
  m.asked = bytes;
  m.bytes = (bytes + page - 1) / page * page;
  m.page_size = page_size;
  m.where = where;
  return m;
}

planned_mapping made(const placement& where, std::size_t bytes, std::size_t page_size = page) {
  planned_mapping m = mapped(where, bytes, page_size);
  m.plan_by_making(four_nodes());
  return m;
}

const node_set all_four{0, 1, 2, 3};
const placement three_to_one = placement::weighted({{0, 3}, {2, 1}}).hard();

BOOST_AUTO_TEST_SUITE(placement_by_making)

BOOST_AUTO_TEST_CASE(takes_no_ranges_of_the_budget) {
  const std::size_t before = ranges_in_use();
  const planned_mapping m = made(three_to_one, 64_MiB);
  const planned_mapping n = made(
      placement::by_page([](std::size_t i, std::size_t) { return static_cast<node_id>(i % 4); }, all_four),
      1_MiB);
  BOOST_TEST(ranges_in_use() == before);
  BOOST_TEST((m.together() == policy{policy_mode::bind, {0, 2}}));
  BOOST_TEST(n.runs.size() == 256U);
}

BOOST_AUTO_TEST_CASE(deals_out_finely_whatever_others_have) {
  const range_share most(range_budget() - ranges_in_use() - 10);
  // Of three chunks on one node and one on the other are two ranges.
  BOOST_TEST((made(three_to_one, 64_MiB).chunk == chunk(128_KiB)));
  BOOST_TEST((made(placement::interleave(all_four).hard(), 1_GiB).chunk == chunk(256_KiB)));
  BOOST_TEST((made(placement::interleave(all_four).hard(), 1_MiB).chunk == chunk(16_KiB)));
  BOOST_TEST((made(placement::interleave(all_four).hard(), 256_KiB).chunk == chunk(page)));
  BOOST_TEST((made(placement::interleave(all_four).hard(), 1024_GiB, 2_MiB).chunk == chunk(2_MiB)));
  BOOST_TEST((made(placement::interleave(all_four).hard(), 8 * 1024_GiB, 2_MiB).chunk == chunk(8_MiB)));
}

BOOST_AUTO_TEST_CASE(plans_a_tebibyte_without_a_range_for_each_chunk) {
  planned_mapping m = mapped(three_to_one, 1024_GiB, 2_MiB);
  BOOST_TEST(m.plan_by_making(four_nodes()) == 256U * 1024);
  BOOST_TEST(m.runs.empty());
  const plan part = m.part(777_GiB, 9_MiB, four_nodes());
  BOOST_TEST((part.ranges == std::vector<plan_range>{{0, 6_MiB, {policy_mode::bind, {0}}},
                                                     {6_MiB, 2_MiB, {policy_mode::bind, {2}}},
                                                     {8_MiB, 1_MiB, {policy_mode::bind, {0}}}}));
  const plan sums = m.sums(four_nodes());
  BOOST_TEST((sums.ranges == std::vector<plan_range>{{0, 768_GiB, {policy_mode::bind, {0}}},
                                                     {0, 256_GiB, {policy_mode::bind, {2}}}}));
}

std::vector<placement> by_position() {
  return {placement::weighted({{0, 3}, {2, 1}, {1, 2}}, 3 * page).hard(),
          placement::weighted({{3, 1}}).hard(),
          placement::weighted({{0, 65535}, {1, 1}}, 1_GiB).hard(),
          placement::interleave(all_four, chunk::page).hard(),
          placement::interleave(all_four, chunk::whole).hard(),
          placement::interleave({1, 2, 3}, 5000).hard(),
          placement::blocked({{3, 5}, {1, 2}, {0, 4}}),
          placement::most_free(all_four, 3 * page).hard(),
          placement::by_page([](std::size_t i, std::size_t) { return static_cast<node_id>(i * 7 / 3 % 4); },
                             all_four)};
}

BOOST_AUTO_TEST_CASE(is_what_make_plan_says) {
  std::mt19937 random(2);
  for (const placement& where : by_position()) {
    for (const std::size_t pages : {1U, 2U, 7U, 300U, 1000U}) {
      BOOST_TEST_CONTEXT(pages << " pages, " << where) {
        planned_mapping m = mapped(where, pages * page);
        const plan whole = make_plan(where, pages * page, four_nodes(), {.page_size = page});
        BOOST_TEST(m.plan_by_making(four_nodes()) == whole.ranges.size());
        BOOST_TEST((m.part(0, whole.bytes, four_nodes()).ranges == whole.ranges));
        std::map<node_id, std::size_t> expected;
        for (const plan_range& r : whole.ranges) expected[r.policy.nodes.first()] += r.length;
        std::map<node_id, std::size_t> told;
        for (const plan_range& r : m.sums(four_nodes()).ranges) told[r.policy.nodes.first()] += r.length;
        BOOST_TEST((told == expected));
        for (int i = 0; i != 20; ++i) {
          const std::size_t first = random() % pages;
          const std::size_t most = 1 + random() % 5;
          const plan part = m.part(first * page, (pages - first) * page, four_nodes(), most);
          BOOST_TEST(part.ranges.size() <= most);
          BOOST_TEST_REQUIRE(part.bytes != 0U);
          BOOST_TEST((part.ranges == part_of(whole, first * page, part.bytes).ranges));
          BOOST_TEST((part.ranges.size() == most || part.bytes == (pages - first) * page));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(has_a_limit_that_it_states) {
  const placement by_64k = placement::interleave(all_four, 64_KiB).hard();
  BOOST_TEST(mapped(by_64k, 64_GiB).plan_by_making(four_nodes()) == most_made_ranges);
  BOOST_CHECK_EXCEPTION(mapped(by_64k, 128_GiB).plan_by_making(four_nodes()), error,
                        with_code(errc::too_many_ranges)
                            .saying("interleave 0-3 by 64KiB hard of 128GiB needs 2097152 ranges")
                            .saying("the limit of a mapping is 1048576")
                            .saying("a chunk of 128KiB or more would do"));
  const placement alternating =
      placement::by_page([](std::size_t i, std::size_t) { return static_cast<node_id>(i % 2); }, {0, 1});
  BOOST_TEST(mapped(alternating, 1_GiB).plan_by_making(four_nodes()) == most_kept_ranges);
  BOOST_CHECK_EXCEPTION(mapped(alternating, 1_GiB + page).plan_by_making(four_nodes()), error,
                        with_code(errc::too_many_ranges).saying("more than 262144 ranges"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
