#include "cli/page_bars.hpp"
#include "cli/text.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/fits.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre_cli {
namespace {

using acre::test::contains;
using acre::test::fits;
using pages = std::vector<acre::node_pages>;

BOOST_AUTO_TEST_SUITE(stacked_bar)
using acre_cli::stacked_bar;

BOOST_AUTO_TEST_CASE(has_a_stretch_for_each_node_as_long_as_its_share) {
  BOOST_TEST(stacked_bar(pages{{0, 3}, {2, 1}}, 8, {}) == "00000022");
}
BOOST_AUTO_TEST_CASE(shows_each_node_that_has_a_page) {
  BOOST_TEST(stacked_bar(pages{{0, 1'000'000}, {1, 1}, {13, 1}}, 6, {}) == "000013");
}
BOOST_AUTO_TEST_CASE(shows_the_larger_shares_where_nodes_have_no_column_each) {
  BOOST_TEST(stacked_bar(pages{{0, 50}, {1, 1}, {2, 50}, {3, 1}}, 2, {}) == "02");
}
BOOST_AUTO_TEST_CASE(without_pages_is_empty) { BOOST_TEST(stacked_bar(pages{}, 3, {}) == "   "); }
BOOST_AUTO_TEST_CASE(has_colours_that_the_terminal_has) {
  const pages p{{0, 1}, {5, 1}, {11, 1}};
  BOOST_TEST(stacked_bar(p, 3, {.color = true}) == "\033[34m0\033[0m\033[36m5\033[0m\033[96m1\033[0m");
  BOOST_TEST(stacked_bar(p, 3, {.color = true, .palette = true}) ==
             "\033[38;5;25m0\033[0m\033[38;5;74m5\033[0m\033[38;5;31m1\033[0m");
}
BOOST_AUTO_TEST_CASE(has_its_width_whatever_the_shares) {
  for (std::size_t width = 16; width < 80; ++width) {
    pages p;
    for (unsigned node = 0; node < 16; ++node) p.push_back({node, node * node * 37 + node % 3});
    BOOST_TEST(columns(stacked_bar(p, width, {})) == width);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bar_lines)
using acre_cli::bar_lines;

BOOST_AUTO_TEST_CASE(tell_pages_bytes_and_share_in_80_columns) {
  const std::string lines = bar_lines(pages{{0, 1024}, {250, 3072}}, 4096, 80, {.unicode = true});
  BOOST_TEST(contains(lines, "1024 pages"));
  BOOST_TEST(contains(lines, "75%"));
  BOOST_TEST(fits(lines, 80));
  BOOST_TEST(std::ranges::count(lines, '\n') == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
