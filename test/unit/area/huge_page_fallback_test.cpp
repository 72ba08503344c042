// huge_page_fallback: which pages come next where there are none, and what a mapping is planned in.
#include "area/huge_page_fallback.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <optional>

#include "support/print.hpp"
#include "sys/pages.hpp"

namespace acre::test {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

BOOST_AUTO_TEST_SUITE(fallback_of_huge_pages)

BOOST_AUTO_TEST_CASE(goes_down_to_base_pages) {
  BOOST_TEST((smaller(page_kind::huge_1gb) == page_kind::huge_2mb));
  BOOST_TEST((smaller(page_kind::huge_2mb) == page_kind::transparent_huge));
  BOOST_TEST((smaller(page_kind::transparent_huge) == page_kind::system));
  BOOST_TEST((smaller(page_kind::system) == page_kind::system));
}

BOOST_AUTO_TEST_CASE(plans_in_base_pages_what_is_smaller_than_a_transparent_huge_one) {
  BOOST_TEST(planned_page(page_kind::transparent_huge, 2 * mebibyte - 1) == sys::page_size());
  BOOST_TEST(planned_page(page_kind::transparent_huge, 2 * mebibyte) == 2 * mebibyte);
  BOOST_TEST(planned_page(page_kind::huge_2mb, 2 * mebibyte) == 2 * mebibyte);
  BOOST_TEST(planned_page(page_kind::system, 64 * mebibyte) == sys::page_size());
}

BOOST_AUTO_TEST_CASE(has_nothing_to_do_where_there_are_always_pages) {
  BOOST_TEST(why_unavailable(page_kind::system, sharing::process) == "");
}

BOOST_AUTO_TEST_CASE(takes_no_transparent_huge_pages_of_another_size) {
  BOOST_TEST(why_of_another_size(std::nullopt) == "");
  BOOST_TEST(why_of_another_size(2 * mebibyte) == "");
  BOOST_TEST(why_of_another_size(32 * mebibyte) == "transparent huge pages of this kernel have 32MiB");
  BOOST_TEST(why_of_another_size(512 * mebibyte) == "transparent huge pages of this kernel have 512MiB");
}

BOOST_AUTO_TEST_CASE(plans_no_byte_beyond_the_mapping) {
  const topology machine = topology::from_synthetic("numa:2 pu:1");
  const std::size_t bytes = 5 * mebibyte;
  const plan p = plan_mapping(placement::interleave({0, 1}, 2 * mebibyte).hard(), bytes, bytes,
                              page_kind::transparent_huge, machine);
  BOOST_TEST(p.bytes == bytes);
  BOOST_TEST_REQUIRE(p.ranges.size() == 3U);
  BOOST_TEST(p.ranges.back().length == mebibyte);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
