#include "cli/acre/page_bars.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/common/text.hpp"

namespace acre_cli {
namespace {

using pages = std::vector<acre::node_pages>;

TEST(stacked_bar, has_a_stretch_for_each_node_as_long_as_its_share) {
  EXPECT_EQ(stacked_bar(pages{{0, 3}, {2, 1}}, 8, {}), "00000022");
}
TEST(stacked_bar, shows_each_node_that_has_a_page) {
  EXPECT_EQ(stacked_bar(pages{{0, 1'000'000}, {1, 1}, {13, 1}}, 6, {}), "000013");
}
TEST(stacked_bar, without_pages_is_empty) { EXPECT_EQ(stacked_bar(pages{}, 3, {}), "   "); }
TEST(stacked_bar, has_its_width_whatever_the_shares) {
  for (std::size_t width = 16; width < 80; ++width) {
    pages p;
    for (unsigned node = 0; node < 16; ++node) p.push_back({node, node * node * 37 + node % 3});
    EXPECT_EQ(columns(stacked_bar(p, width, {})), width);
  }
}
TEST(bar_lines, tell_pages_bytes_and_share_in_80_columns) {
  const std::string lines = bar_lines(pages{{0, 1024}, {250, 3072}}, 4096, 80, {.unicode = true});
  EXPECT_NE(lines.find("1 024 pages"), std::string::npos) << lines;
  EXPECT_NE(lines.find("75%"), std::string::npos) << lines;
  EXPECT_LE(columns(lines), 2 * 81U) << lines;
}

}  // namespace
}  // namespace acre_cli
