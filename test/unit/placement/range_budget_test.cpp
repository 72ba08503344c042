#include "placement/range_budget.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <utility>
#include <vector>

#include "plan_machines.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t page_bytes = 4096;

BOOST_AUTO_TEST_SUITE(range_budgets)

BOOST_AUTO_TEST_CASE(count_mappings_of_several_ranges) {
  const std::size_t before = ranges_in_use();
  {
    range_share many(100);
    const range_share one(1);
    const range_share none;
    BOOST_TEST(ranges_in_use() == before + 100);
    const range_share moved = std::move(many);
    BOOST_TEST(moved.ranges() == 100U);
    BOOST_TEST(many.ranges() == 0U);  // NOLINT(bugprone-use-after-move)
    BOOST_TEST(ranges_in_use() == before + 100);
    many = range_share(20);
    BOOST_TEST(ranges_in_use() == before + 120);
  }
  BOOST_TEST(ranges_in_use() == before);
}

BOOST_AUTO_TEST_CASE(end_with_an_error_that_says_so) {
  const std::size_t before = ranges_in_use();
  const range_share all(range_budget() - before);
  const auto refusal = with_code(errc::too_many_ranges)
                           .saying(std::to_string(range_budget()))
                           .saying("in use")
                           .saying("vm.max_map_count");
  BOOST_CHECK_EXCEPTION(range_share(2), error, refusal);
  BOOST_CHECK_EXCEPTION(range_share(SIZE_MAX), error, refusal);
  const topology machine = plain_machine(2);
  BOOST_CHECK_EXCEPTION(
      (void)plan_within_budget(placement::weighted({{0, 3}, {1, 1}}), 1_MiB, page_bytes, machine), error,
      refusal);
  // What needs none of it goes on.
  BOOST_TEST(plan_within_budget(placement::bind({1}), 1_GiB, page_bytes, machine).ranges.size() == 1U);
  BOOST_TEST(plan_within_budget(placement::interleave({0, 1}), 1_GiB, page_bytes, machine).ranges.size() ==
             1U);
}

/// What a growing program maps: each mapping an eighth of all before it.
std::vector<std::size_t> growing_to(std::size_t bytes) {
  std::vector<std::size_t> sizes;
  for (std::size_t sum = 0; sum < bytes; sum += sizes.back()) sizes.push_back(std::max(1_MiB, sum / 8));
  return sizes;
}

std::vector<node_weight> unequal_weights(unsigned nodes) {
  std::vector<node_weight> weights;
  for (unsigned n = 0; n != nodes; ++n) weights.push_back({n, 1 + n % 3});
  return weights;
}

BOOST_AUTO_TEST_CASE(last_for_a_tebibyte_of_automatic_chunks) {
  for (const unsigned nodes : {2U, 4U, 8U}) {
    const topology machine = plain_machine(nodes);
    std::vector<range_share> taken;
    for (const std::size_t bytes : growing_to(1024_GiB)) {
      const plan p =
          plan_within_budget(placement::weighted(unequal_weights(nodes)), bytes, page_bytes, machine);
      BOOST_CHECK_NO_THROW(taken.emplace_back(p.ranges.size()));
    }
  }
}

BOOST_AUTO_TEST_CASE(last_for_many_mappings_of_many_sizes) {
  const topology machine = plain_machine(4);
  const placement where = placement::interleave({0, 1, 2, 3}).hard();
  std::vector<range_share> taken;
  for (std::size_t i = 0; i != 4000; ++i)
    BOOST_CHECK_NO_THROW(taken.emplace_back(
        plan_within_budget(where, 17_MiB + i % 7 * 1_MiB, page_bytes, machine).ranges.size()));
}

BOOST_AUTO_TEST_CASE(give_small_mappings_fine_chunks) {
  const topology machine = plain_machine(4);
  const auto chunk_of = [&](const placement& where, std::size_t bytes) {
    return plan_within_budget(where, bytes, page_bytes, machine).chunk;
  };
  // With the usual vm.max_map_count, or more.
  BOOST_TEST(chunk_of(placement::weighted({{0, 3}, {1, 1}}), 1_MiB) == page_bytes);
  BOOST_TEST(chunk_of(placement::interleave({0, 1, 2, 3}).hard(), 1_MiB) == page_bytes);
  BOOST_TEST(chunk_of(placement::weighted({{0, 3}, {1, 1}}), 1_GiB) <= 1_MiB);
  BOOST_TEST(chunk_of(placement::interleave({0, 1, 2, 3}).hard(), 1_GiB) <= 2_MiB);
  BOOST_TEST(chunk_of(placement::interleave({0, 1, 2, 3}).hard(), 64_GiB) <= 64_MiB);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
