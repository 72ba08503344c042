#include "cli/printable.hpp"
#include "cli/text.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include "cli/fits.hpp"
#include "support/print.hpp"

namespace acre_cli {
namespace {

using acre::test::fits;

BOOST_AUTO_TEST_SUITE(printable)
using acre_cli::printable;

BOOST_AUTO_TEST_CASE(keeps_text) {
  BOOST_TEST(printable("/srv/données/日本語 \U0001f600") == "/srv/données/日本語 \U0001f600");
  BOOST_TEST(printable("") == "");
}
BOOST_AUTO_TEST_CASE(replaces_what_moves_cursors_and_turns_lines) {
  BOOST_TEST(printable(std::string_view("a\0b\033[1m\n\x7f", 9)) == "a?b?[1m??");
  BOOST_TEST(printable("\u009b31m \u202e \u2028 \ufeff") == "?31m ? ? ?");
}
BOOST_AUTO_TEST_CASE(replaces_each_byte_that_is_no_utf8) {
  BOOST_TEST(printable("\xff\xc3") == "??");
  BOOST_TEST(printable("\xc0\xaf") == "??");            // overlong
  BOOST_TEST(printable("\xed\xa0\x80") == "???");       // surrogate
  BOOST_TEST(printable("\xf4\x90\x80\x80") == "????");  // beyond Unicode
  BOOST_TEST(printable("\xe2\x82") == "??");            // cut
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(columns_of_a_text)

BOOST_AUTO_TEST_CASE(are_those_of_a_terminal) {
  BOOST_TEST(columns("") == 0U);
  BOOST_TEST(columns("abc é…█") == 7U);
  BOOST_TEST(columns("日本") == 4U);
  BOOST_TEST(columns("\U0001f600") == 2U);
  BOOST_TEST(columns("e\u0301") == 1U);
  BOOST_TEST(columns("\xff\xe2\x82") == 3U);
}
BOOST_AUTO_TEST_CASE(are_never_exceeded) {
  const std::string text = "ab日本e\u0301 語語語 \xff end";
  for (std::size_t width = 1; width < 25; ++width) {
    BOOST_TEST(columns(text.substr(0, fitting(text, width))) <= width);
    if (width < 4) continue;
    BOOST_TEST(fits(wrap(text, width, 1), width));
    BOOST_TEST(fits(cut_lines(text + '\n' + text, width), width));
  }
  BOOST_TEST(wrap("aa bb cc", 5, 0, 2) == "aa bb\n  cc\n");
  BOOST_TEST(cut_lines("a\033[1mbcd\033[0m\nef\n", 2) == "a\033[1mb\033[0m\nef\n");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(shortened)
using acre_cli::shortened;

BOOST_AUTO_TEST_CASE(leaves_out_the_middle) {
  BOOST_TEST(shortened("/usr/lib/libexample.so", 22, {}) == "/usr/lib/libexample.so");
  BOOST_TEST(shortened("/usr/lib/libexample.so", 15, {}) == "/usr...ample.so");
  BOOST_TEST(shortened("/usr/lib/libexample.so", 13, {.unicode = true}) == "/usr…ample.so");
}
BOOST_AUTO_TEST_CASE(has_its_width) {
  const std::string text = "äöüßéèêëïîôûùçñ";
  for (std::size_t width = 0; width < 20; ++width) {
    BOOST_TEST(columns(shortened(text, width, {.unicode = true})) == std::min<std::size_t>(width, 15));
    BOOST_TEST(columns(shortened(text, width, {})) == std::min<std::size_t>(width, 15));
    BOOST_TEST(columns(padded(text, width)) == width);
  }
}
BOOST_AUTO_TEST_CASE(leaves_no_half_of_a_wide_character) {
  const std::string text = "日本語の長い名前-e\u0301e\u0301e\u0301";
  for (std::size_t width = 0; width < 30; ++width) {
    for (const bool unicode : {false, true}) {
      const std::string cut = shortened(text, width, {.unicode = unicode});
      BOOST_TEST(columns(cut) <= width);
      BOOST_TEST(columns(cut) + 2 >= std::min<std::size_t>(width, 20));
      BOOST_TEST(acre_cli::printable(cut) == cut);
    }
    BOOST_TEST(columns(padded(text, width)) == width);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
