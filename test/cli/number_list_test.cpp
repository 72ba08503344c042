#include "cli/run/number_list.hpp"
#include "cli/input_error.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include "support/predicates.hpp"
#include "support/text.hpp"

namespace acre_cli {
namespace {

using acre::test::contains;
using acre::test::same;
using list = std::vector<unsigned>;

/// Of a machine with 0, 2, 4, 6 and 16, where 8 may be named but is not among "all".
list read(const char* text) {
  return read_list(text, {"things", {0, 2, 4, 6, 16}, {0, 2, 4, 6, 8, 16}, [](unsigned number) {
                            if (number % 2 != 0) throw std::out_of_range(std::to_string(number));
                          }});
}

std::string mistake_in(const char* text) {
  try {
    read(text);
  } catch (const input_error& e) {
    return e.what();
  }
  return "none";
}

BOOST_AUTO_TEST_SUITE(a_list_of_numbers)

BOOST_AUTO_TEST_CASE(is_sorted_and_has_each_once) {
  BOOST_TEST(same(read("4"), list{4}));
  BOOST_TEST(same(read("4,0,4"), list{0, 4}));
  BOOST_TEST(same(read("4-8,2-6"), list{2, 4, 6, 8}));
}
BOOST_AUTO_TEST_CASE(takes_of_a_range_what_may_be_used) {
  BOOST_TEST(same(read("0-16"), list{0, 2, 4, 6, 8, 16}));
  BOOST_TEST(same(read("10-12"), list{10, 12}));  // named, and whoever asks did not forbid them
  BOOST_TEST(same(read("2-2"), list{2}));
  BOOST_CHECK_THROW(read("0-5"), std::out_of_range);
  BOOST_CHECK_THROW(read("1-4"), std::out_of_range);
}
BOOST_AUTO_TEST_CASE(chooses_among_all) {
  BOOST_TEST(same(read("all"), list{0, 2, 4, 6, 16}));
  BOOST_TEST(same(read("8,all"), list{0, 2, 4, 6, 8, 16}));
  BOOST_TEST(same(read("!2,4-6"), list{0, 16}));
  BOOST_TEST(same(read("+1"), list{2}));
  BOOST_TEST(same(read("+4,0-1"), list{0, 2, 16}));
  BOOST_TEST(same(read("!+0"), list{2, 4, 6, 16}));
  BOOST_TEST(same(read("!+0-2,4"), list{6}));
  BOOST_TEST(same(read("+all"), list{0, 2, 4, 6, 16}));
  BOOST_CHECK_THROW(read("!3"), std::out_of_range);
}
BOOST_AUTO_TEST_CASE(has_numbers_as_in_c) {
  BOOST_TEST(same(read("0x10"), list{16}));
  BOOST_TEST(same(read("0X2-0x6"), list{2, 4, 6}));
  BOOST_TEST(same(read("020"), list{16}));
  BOOST_TEST(same(read("06"), list{6}));
  BOOST_TEST(same(read("+0x1"), list{2}));
}
BOOST_AUTO_TEST_CASE(may_have_blanks_before_numbers) {
  BOOST_TEST(same(read(" 0, 2,\t4- 6"), list{0, 2, 4, 6}));
  BOOST_TEST(same(read("! 0"), list{2, 4, 6, 16}));
}
BOOST_AUTO_TEST_CASE(with_a_mistake_says_where_it_is) {
  BOOST_TEST(mistake_in("2,x") == "things '2,x', position 2: a number was expected, or 'all' at the end");
  BOOST_TEST(mistake_in("2;4") == "things '2;4', position 1: ',' or '-' or the end was expected");
  BOOST_TEST(mistake_in("0,6-2") == "things '0,6-2', position 2: ranges go upwards");
  BOOST_TEST(mistake_in("0,+5") == "things '0,+5', position 2: a number was expected, or 'all' at the end");
  BOOST_TEST(mistake_in("+5") == "things '+5', position 1: +5 is beyond the 5 that may be used");
  BOOST_TEST(mistake_in("!0-16") == "things '!0-16': none is left");
}
BOOST_AUTO_TEST_CASE(is_refused_where_it_is_none) {
  for (const char* const text : {"",
                                 "2-",
                                 "-2",
                                 "2,",
                                 "!",
                                 "+",
                                 "!all",
                                 "all,0",
                                 "2 ",
                                 "0 ,2",
                                 " all",
                                 "+!0",
                                 "08",
                                 "0x",
                                 "0--2",
                                 "99999999999",
                                 "99999999999999999999",
                                 "none",
                                 "same",
                                 "netdev:lo"}) {
    BOOST_TEST_INFO("'" << text << "'");
    BOOST_TEST(contains(mistake_in(text), "things '" + std::string(text) + "'"));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
