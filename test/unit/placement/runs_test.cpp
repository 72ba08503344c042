// runs: how many ranges rounds over nodes take, and which chunk keeps a limit.
#include "placement/runs.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <vector>

#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

using parts = std::vector<node_weight>;

const std::vector<parts> all_parts{{{0, 1}}, {{0, 1}, {1, 1}}, {{3, 2}, {0, 5}, {1, 1}}, {{0, 7}, {2, 3}}};

/// One chunk after the other.
std::size_t counted_ranges(const parts& of, std::size_t chunks) {
  std::vector<node_id> round;
  for (const node_weight& w : of) round.insert(round.end(), w.weight, w.node);
  std::size_t ranges = 0;
  for (std::size_t i = 0; i != chunks; ++i)
    ranges += i == 0 || round[i % round.size()] != round[(i - 1) % round.size()] ? 1U : 0U;
  return ranges;
}

std::size_t ranges_by(const parts& of, std::size_t pages, std::size_t chunk) {
  return detail::ranges_of_rounds(of, (pages + chunk - 1) / chunk);
}

boost::test_tools::assertion_result all_counted(const parts& of) {
  for (std::size_t chunks = 1; chunks != 60; ++chunks) {
    if (detail::ranges_of_rounds(of, chunks) != counted_ranges(of, chunks)) return wrong(chunks, " chunks");
  }
  return true;
}

boost::test_tools::assertion_result all_keep_the_limit(const parts& of) {
  for (std::size_t pages = 1; pages != 100; ++pages) {
    for (const std::size_t limit : {1U, 2U, 5U, 30U}) {
      const std::size_t chunk = detail::smallest_chunk(of, pages, limit);
      if (ranges_by(of, pages, chunk) > limit) return wrong(pages, " pages, beyond ", limit);
      if (chunk > 1 && ranges_by(of, pages, chunk - 1) <= limit) return wrong(pages, " pages, too large");
    }
  }
  return true;
}

BOOST_AUTO_TEST_SUITE(rounds_over_nodes)

BOOST_AUTO_TEST_CASE(take_a_range_for_each_run_of_one_node) {
  for (const parts& of : all_parts) BOOST_TEST(all_counted(of));
}

BOOST_AUTO_TEST_CASE(keep_a_limit_by_the_smallest_chunk) {
  for (const parts& of : all_parts) BOOST_TEST(all_keep_the_limit(of));
}

BOOST_AUTO_TEST_CASE(are_as_fine_as_the_ranges_allow) {
  const parts two{{0, 1}, {1, 1}};
  BOOST_TEST(detail::automatic_chunk(two, 1024, 1024) == 1U);
  BOOST_TEST(detail::automatic_chunk(two, 1024, 512) == 2U);
  BOOST_TEST(detail::automatic_chunk(two, 1024, 100) == 16U);
}

BOOST_AUTO_TEST_CASE(give_each_node_its_share_however_few_the_ranges_are) {
  const parts two{{0, 1}, {1, 1}};
  BOOST_TEST(detail::automatic_chunk(two, 1024, 1) == 512U);
  BOOST_TEST(detail::automatic_chunk(parts{{0, 3}, {1, 1}}, 1024, 1) == 256U);
  BOOST_TEST(detail::automatic_chunk(two, 1, 1) == 1U);
}

BOOST_AUTO_TEST_CASE(go_over_the_nodes_of_a_placement_in_order) {
  BOOST_TEST((detail::parts_of(placement::interleave({4, 1})) == parts{{1, 1}, {4, 1}}));
  BOOST_TEST((detail::parts_of(placement::weighted({{4, 2}, {1, 3}})) == parts{{4, 2}, {1, 3}}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
