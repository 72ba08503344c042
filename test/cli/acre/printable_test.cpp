#include "cli/acre/printable.hpp"
#include "cli/common/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace acre_cli {
namespace {

TEST(printable, keeps_text) {
  EXPECT_EQ(printable("/srv/données/日本語 \U0001f600"), "/srv/données/日本語 \U0001f600");
  EXPECT_EQ(printable(""), "");
}
TEST(printable, replaces_what_moves_cursors_and_turns_lines) {
  EXPECT_EQ(printable(std::string_view("a\0b\033[1m\n\x7f", 9)), "a?b?[1m??");
  EXPECT_EQ(printable("\u009b31m \u202e \u2028 \ufeff"), "?31m ? ? ?");
}
TEST(printable, replaces_each_byte_that_is_no_utf8) {
  EXPECT_EQ(printable("\xff\xc3"), "??");
  EXPECT_EQ(printable("\xc0\xaf"), "??");            // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "???");       // surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????");  // beyond Unicode
  EXPECT_EQ(printable("\xe2\x82"), "??");            // cut
}
TEST(shortened, leaves_out_the_middle) {
  EXPECT_EQ(shortened("/usr/lib/libexample.so", 22, {}), "/usr/lib/libexample.so");
  EXPECT_EQ(shortened("/usr/lib/libexample.so", 15, {}), "/usr...ample.so");
  EXPECT_EQ(shortened("/usr/lib/libexample.so", 13, {.unicode = true}), "/usr…ample.so");
}
TEST(shortened, has_its_width) {
  const std::string text = "äöüßéèêëïîôûùçñ";
  for (std::size_t width = 0; width < 20; ++width) {
    EXPECT_EQ(columns(shortened(text, width, {.unicode = true})), std::min<std::size_t>(width, 15));
    EXPECT_EQ(columns(shortened(text, width, {})), std::min<std::size_t>(width, 15));
    EXPECT_EQ(columns(padded(text, width)), width);
  }
}

}  // namespace
}  // namespace acre_cli
