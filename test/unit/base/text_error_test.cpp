// text_error: what is wrong in a text, and where, as values.
#include "base/text_error.hpp"

#include <acre/bytes.hpp>
#include <acre/node_set.hpp>
#include <acre/placement.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "support/errors.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

struct mistake {
  std::string text;
  std::size_t position;
};

template <class Parse>
mistake mistake_in(std::string_view text, Parse parse) {
  try {
    static_cast<void>(parse(text));
  } catch (const text_error& e) {
    return {e.mistake(), e.position()};
  }
  return {"none", 0};
}

BOOST_AUTO_TEST_SUITE(an_error_in_a_text)

BOOST_AUTO_TEST_CASE(says_what_users_read) {
  const text_error e("0-x", "expected a node number", 2);
  BOOST_TEST(with_code(errc::invalid_text).saying_exactly("'0-x': expected a node number at position 2")(e));
  BOOST_TEST(e.mistake() == "expected a node number");
  BOOST_TEST(e.position() == 2U);
}

BOOST_AUTO_TEST_CASE(is_right_for_a_text_with_a_zero_byte) {
  const text_error e(std::string_view("a\0b", 3), "expected more", 1);
  BOOST_TEST(e.mistake() == "expected more");
  BOOST_TEST(std::string_view(e.what()) == "'a\\0b': expected more at position 1");
}

BOOST_AUTO_TEST_CASE(comes_from_each_parser_with_its_position) {
  const mistake bytes = mistake_in("12Q", [](std::string_view t) { return parse_bytes(t); });
  BOOST_TEST(bytes.text == "expected a unit (K, KiB, M, MiB, G, GiB, T, TiB)");
  BOOST_TEST(bytes.position == 2U);
  const mistake nodes = mistake_in("0,x", [](std::string_view t) { return node_set::parse(t, {0}); });
  BOOST_TEST(nodes.text == "expected a node number");
  BOOST_TEST(nodes.position == 2U);
}

BOOST_AUTO_TEST_CASE(in_a_part_of_a_placement_has_its_position_in_the_whole) {
  const auto parse = [](std::string_view t) { return placement::parse(t, {0}); };
  BOOST_TEST(mistake_in("bind 0,x", parse).position == 7U);
  BOOST_TEST(mistake_in("bind 0,x", parse).text == "'0,x': expected a node number");
  BOOST_TEST(mistake_in("interleave 0 by 12Q", parse).position == 18U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
