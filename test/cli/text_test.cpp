#include "cli/text.hpp"

#include <boost/test/unit_test.hpp>

#include "support/print.hpp"

namespace acre_cli {
namespace {

BOOST_AUTO_TEST_SUITE(wrapping)

BOOST_AUTO_TEST_CASE(breaks_at_spaces_and_cuts_what_is_longer_than_a_line) {
  BOOST_TEST(wrap("aa bb cc", 7, 2) == "  aa bb\n  cc\n");
  BOOST_TEST(wrap("abcdef", 4, 1) == " abc\n def\n");
  BOOST_TEST(wrap("", 4, 1) == "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(escaping)

BOOST_AUTO_TEST_CASE(leaves_no_markup) {
  BOOST_TEST(escape_html("<a b=\"c\">&'") == "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(formats)

BOOST_AUTO_TEST_CASE(are_for_people) {
  BOOST_TEST(format_cpus({0, 1, 2, 8}) == "0-2,8");
  BOOST_TEST(format_cpus({}) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
