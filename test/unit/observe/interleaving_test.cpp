// Whose turn a page is, and where the round begins.
#include "observe/interleaving.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t huge = std::size_t{2} << 20;

/// Units that follow each other, on these nodes.
std::vector<placed_unit> units(const std::vector<node_id>& nodes, std::uint64_t first = 0) {
  std::vector<placed_unit> all;
  for (std::size_t i = 0; i < nodes.size(); ++i) all.push_back({first + i, i * page, nodes[i]});
  return all;
}

BOOST_AUTO_TEST_SUITE(interleaving)

BOOST_AUTO_TEST_CASE(counts_private_memory_by_its_address) {
  const sys::map_line m{.begin = 0x7000'0010'0000, .end = 0x7000'0090'0000, .shared = false};
  BOOST_TEST(turn_of(m, m.begin + 5 * page, page, page) == m.begin / page + 5);
  BOOST_TEST(turn_of(m, 0x7000'0020'0000, huge, page) == m.begin / huge);
}

BOOST_AUTO_TEST_CASE(counts_shared_memory_by_inode_and_offset) {
  const sys::map_line m{
      .begin = 0x7000'0010'0000, .end = 0x7000'0090'0000, .shared = true, .offset = 3 * page, .inode = 1001};
  BOOST_TEST(turn_of(m, m.begin + 5 * page, page, page) == 1001U + 3 + 5);
}

BOOST_AUTO_TEST_CASE(gives_each_node_one_turn) {
  BOOST_TEST(same(turns_of({policy_mode::interleave, {0, 2, 5}}), std::vector<node_id>{0, 2, 5}));
  BOOST_TEST(turns_of({policy_mode::bind, {0, 2}}).empty());
}

BOOST_AUTO_TEST_CASE(begins_where_most_pages_lie_right) {
  const std::vector<node_id> turns{0, 1, 2};
  BOOST_TEST(shift_of(units({0, 1, 2, 0}), turns) == 0U);
  BOOST_TEST(shift_of(units({1, 2, 0, 1, 1, 0, 1}), turns) == 1U);
  BOOST_TEST(shift_of(units({1, 2, 0, 1, 1, 0, 1}, 2), turns) == 2U);
  BOOST_TEST(shift_of(units({1, 1, 1, 1, 1, 1}), turns) == 0U);
  BOOST_TEST(shift_of(units({7, 7}), turns) == 0U);
}

BOOST_AUTO_TEST_CASE(is_certain_of_enough_pages_that_all_lie_right) {
  const std::vector<node_id> turns{0, 1};
  BOOST_TEST((certain_shift_of(units({1, 0, 1, 0}), turns) == 1U));
  BOOST_TEST((certain_shift_of(units({0, 1, 0, 1}), turns) == 0U));
  BOOST_TEST(!certain_shift_of(units({1, 0, 1}), turns).has_value());
  BOOST_TEST(!certain_shift_of(units({1, 0, 1, 1}), turns).has_value());
  BOOST_TEST(!certain_shift_of({}, turns).has_value());
  // Every other page is there, all on one node: any round could have made that.
  const std::vector<placed_unit> sparse{{0, 0, 1}, {2, 0, 1}, {4, 0, 1}, {6, 0, 1}};
  BOOST_TEST(!certain_shift_of(sparse, turns).has_value());
}

BOOST_AUTO_TEST_CASE(goes_by_weights) {
  const std::vector<node_id> turns{0, 0, 0, 1};
  BOOST_TEST(shift_of(units({0, 1, 0, 0, 0, 1}), turns) == 2U);
}

BOOST_AUTO_TEST_CASE(finds_what_is_out_of_turn) {
  const std::vector<node_id> turns{0, 1};
  BOOST_TEST(out_of_turn(units({0, 1, 0, 1, 0}), turns).empty());
  BOOST_TEST(same(out_of_turn(units({0, 1, 0, 0, 0, 1, 0}), turns), std::vector<std::size_t>{3}));
  BOOST_TEST(out_of_turn(units({0, 0, 0, 0, 0, 0}), turns).size() == 3U);
}

BOOST_AUTO_TEST_CASE(begins_anew_where_whole_rounds_follow) {
  const std::vector<node_id> turns{0, 1};
  BOOST_TEST(out_of_turn(units({0, 1, 0, 1, 1, 0, 1, 0, 1}), turns).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
