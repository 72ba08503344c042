#include "cli/acre/printable.hpp"
#include "cli/common/text.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include "support/print.hpp"

namespace acre_cli {
namespace {

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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
