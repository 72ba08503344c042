// segment_header: bytes of anybody to a header of acre's, or an error.
#include <acre/error.hpp>

#include "segment/segment_header.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <ostream>
#include <random>
#include <string>
#include <tuple>

#include "support/errors.hpp"
#include "support/forged_header.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "sys/pages.hpp"

namespace acre {

static auto fields(const segment_header& r) {
  return std::tie(r.bytes, r.object_bytes, r.page_kind, r.backend, r.address, r.creator, r.creator_start,
                  r.creator_namespace, r.placement, r.partly_rebound);
}

static bool operator==(const segment_header& a, const segment_header& b) { return fields(a) == fields(b); }

static std::ostream& boost_test_print_type(std::ostream& out, const segment_header& r) {
  const char* before = "";
  const auto print = [&](const auto& field) {
    out << before << boost::test_tools::tt_detail::print_helper(field);
    before = ", ";
  };
  std::apply([&](const auto&... field) { (print(field), ...); }, fields(r));
  return out;
}

}  // namespace acre

namespace acre::test {
namespace {

using boost::test_tools::assertion_result;
using boost::test_tools::per_element;

constexpr std::uint64_t data_bytes = 100'000;
constexpr std::uint64_t object_bytes = 106'496;

// Where the fields lie, written down again: a header is read by other processes, maybe of another build.
enum offset : std::size_t {
  at_magic = 0,
  at_version = 8,
  at_pages = 12,
  at_backend = 16,
  at_reserved = 20,
  at_bytes = 24,
  at_object_bytes = 32,
  at_creator = 48,
  at_fixed_sum = 72,
  at_partly_rebound = 80,
  at_length = 84,
  at_text = 88,
};
constexpr std::size_t longest_text = 4000;

segment_header sample() {
  return {.bytes = data_bytes,
          .object_bytes = object_bytes,
          .page_kind = page_kind::transparent_huge,
          .backend = segment_backend::sysv,
          .address = 0x2345'0000'0000,
          .creator = 4711,
          .creator_start = 123'456'789,
          .creator_namespace = 4'026'531'836,
          .placement = "interleave 0-3 by 2MiB",
          .partly_rebound = true};
}

segment_header without_placement(segment_header r) {
  r.placement = "";
  r.partly_rebound = false;
  return r;
}

/// The sample's page with another value in a field, and with the sums of somebody who means it.
template <class Value>
header_bytes forged(std::size_t at, Value value) {
  header_bytes page = encode(sample());
  std::memcpy(page.data() + at, &value, sizeof value);
  return with_sums(page);
}

const with_code is_foreign(errc::foreign_segment);

BOOST_AUTO_TEST_SUITE(segment_header)
using acre::segment_header;

BOOST_AUTO_TEST_CASE(comes_back_as_it_went) {
  BOOST_TEST(decode(encode(sample()), object_bytes) == sample());
  for (const auto pages :
       {page_kind::system, page_kind::transparent_huge, page_kind::huge_2mb, page_kind::huge_1gb}) {
    for (const auto backend : {segment_backend::posix, segment_backend::memfd, segment_backend::sysv}) {
      for (const bool partly_rebound : {false, true}) {
        segment_header r = sample();
        r.page_kind = pages;
        r.backend = backend;
        r.partly_rebound = partly_rebound;
        BOOST_TEST(decode(encode(r), object_bytes) == r);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(comes_back_with_extreme_numbers) {
  segment_header r = sample();
  r.object_bytes = std::numeric_limits<std::uint64_t>::max();
  r.bytes = r.object_bytes - header_size;
  r.address = r.creator_start = r.creator_namespace = r.object_bytes;
  r.creator = std::numeric_limits<pid_t>::max();
  r.placement = "";
  BOOST_TEST(decode(encode(r), r.object_bytes) == r);
  r.bytes = 1;
  r.object_bytes = header_size + 1;
  BOOST_TEST(decode(encode(r), r.object_bytes) == r);
}

BOOST_AUTO_TEST_CASE(has_the_right_sums_when_it_is_encoded) {
  segment_header r = sample();
  for (std::size_t length = 0; length <= longest_text; length += length < 20 ? 1 : 199) {
    r.placement.assign(length, 'x');
    BOOST_TEST(with_sums(encode(r)) == encode(r), per_element());
  }
  r.placement.assign(longest_text, 'x');
  BOOST_TEST(with_sums(encode(r)) == encode(r), per_element());
}

BOOST_AUTO_TEST_CASE(is_no_blank_page) {
  const header_bytes page{};
  BOOST_CHECK_EXCEPTION(decode(page, object_bytes), error, is_foreign);
  BOOST_CHECK_EXCEPTION(decode(with_sums(page), object_bytes), error, is_foreign);
}

BOOST_AUTO_TEST_CASE(with_any_single_flipped_bit_is_an_error_or_has_an_empty_placement) {
  const header_bytes whole = encode(sample());
  const segment_header expected = without_placement(sample());
  const auto is_noticed = [&](std::size_t bit) -> assertion_result {
    const bool of_identity = bit / 8 < at_partly_rebound;
    header_bytes page = whole;
    page[bit / 8] ^= std::byte{1} << bit % 8;
    try {
      const segment_header r = decode(page, object_bytes);
      if (of_identity) return wrong("bit ", bit, " is no error");
      if (r != expected) return wrong("bit ", bit, ": ", r, " instead of ", expected);
    } catch (const error& e) {
      if (e.code() != errc::foreign_segment) return wrong("bit ", bit, ": ", e.what());
      if (!of_identity) return wrong("bit ", bit, " is an error: ", e.what());
    }
    return true;
  };
  for (std::size_t bit = 0; bit < header_size * 8; ++bit) BOOST_TEST_REQUIRE(is_noticed(bit));
}

BOOST_AUTO_TEST_CASE(with_any_field_that_makes_no_sense_is_refused_whatever_the_sum) {
  BOOST_CHECK_EXCEPTION(decode(forged(at_magic, std::uint64_t{0}), object_bytes), error, is_foreign);
  for (const std::uint32_t version : {0U, 2U, 0x01000000U, ~0U}) {
    BOOST_TEST_INFO("version " << version);
    BOOST_CHECK_EXCEPTION(decode(forged(at_version, version), object_bytes), error, is_foreign);
  }
  for (const std::uint32_t pages : {4U, 5U, 1000U, ~0U}) {
    BOOST_TEST_INFO("kind of pages " << pages);
    BOOST_CHECK_EXCEPTION(decode(forged(at_pages, pages), object_bytes), error, is_foreign);
  }
  for (const std::uint32_t backend : {3U, 4U, 1000U, ~0U}) {
    BOOST_TEST_INFO("backend " << backend);
    BOOST_CHECK_EXCEPTION(decode(forged(at_backend, backend), object_bytes), error, is_foreign);
  }
  for (const std::uint32_t reserved : {1U, 256U, ~0U}) {
    BOOST_TEST_INFO("reserved word " << reserved);
    BOOST_CHECK_EXCEPTION(decode(forged(at_reserved, reserved), object_bytes), error, is_foreign);
  }
  for (const std::uint64_t bytes :
       {std::uint64_t{0}, object_bytes - header_size + 1, object_bytes, ~std::uint64_t{0}}) {
    BOOST_TEST_INFO(bytes << " bytes");
    BOOST_CHECK_EXCEPTION(decode(forged(at_bytes, bytes), object_bytes), error, is_foreign);
  }
  for (const std::uint64_t bytes :
       {std::uint64_t{0}, object_bytes - 1, object_bytes + 1, ~std::uint64_t{0}}) {
    BOOST_TEST_INFO(bytes << " bytes");
    BOOST_CHECK_EXCEPTION(decode(forged(at_object_bytes, bytes), object_bytes), error, is_foreign);
  }
  for (const std::uint64_t creator : {std::uint64_t{0x80000000}, ~std::uint64_t{0}}) {
    BOOST_TEST_INFO("creator " << creator);
    BOOST_CHECK_EXCEPTION(decode(forged(at_creator, creator), object_bytes), error, is_foreign);
  }
}

BOOST_AUTO_TEST_CASE(with_a_wrong_sum_is_refused) {
  header_bytes page = encode(sample());
  page[at_fixed_sum] ^= std::byte{0xff};
  BOOST_CHECK_EXCEPTION(decode(page, object_bytes), error, is_foreign);
}

BOOST_AUTO_TEST_CASE(of_another_version_is_refused_by_its_number) {
  BOOST_CHECK_EXCEPTION(decode(forged(at_version, 77U), object_bytes), error,
                        with_code(errc::foreign_segment).saying("version 77"));
}

BOOST_AUTO_TEST_CASE(of_an_object_of_another_size_is_refused) {
  const header_bytes page = encode(sample());
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{header_size},
                                    object_bytes - 1, object_bytes + 4096, ~std::uint64_t{0}}) {
    BOOST_TEST_INFO(bytes << " bytes");
    BOOST_CHECK_EXCEPTION(decode(page, bytes), error, is_foreign);
  }
}

BOOST_AUTO_TEST_CASE(of_an_object_without_room_for_data_is_refused) {
  for (const std::uint64_t bytes : {std::uint64_t{1}, std::uint64_t{header_size}}) {
    segment_header r = sample();
    r.bytes = 1;
    r.object_bytes = bytes;
    BOOST_TEST_INFO(bytes << " bytes");
    BOOST_CHECK_EXCEPTION(decode(encode(r), bytes), error, is_foreign);
  }
}

BOOST_AUTO_TEST_CASE(loses_a_placement_that_makes_no_sense_and_keeps_the_rest) {
  const auto expect_empty = [](std::size_t at, auto value) {
    BOOST_TEST_INFO(+value << " at " << at);
    BOOST_TEST(decode(forged(at, value), object_bytes) == without_placement(sample()));
  };
  expect_empty(at_partly_rebound, 2U);
  expect_empty(at_length, static_cast<std::uint32_t>(longest_text + 1));
  expect_empty(at_length, ~0U);
  for (const char c : {'\0', '\n', '\x1b', '\x7f', '\x80', '\xff'}) expect_empty(at_text + 3, c);
  // Longer than what was written: zeroes are no text.
  expect_empty(at_length, static_cast<std::uint32_t>(longest_text));
}

BOOST_AUTO_TEST_CASE(cuts_a_placement_text_that_is_too_long_and_says_so) {
  segment_header r = sample();
  r.placement = std::string(longest_text, 'x');
  BOOST_TEST(decode(encode(r), object_bytes) == r);
  segment_header cut = sample();
  cut.placement = std::string(longest_text - 3, 'x').append("...");
  for (const std::size_t more : {1U, 2U, 1000U, 100'000U}) {
    r.placement = std::string(longest_text + more, 'x');
    BOOST_TEST_INFO(more << " characters more");
    BOOST_TEST(decode(encode(r), object_bytes) == cut);
  }
}

BOOST_AUTO_TEST_CASE(is_no_random_page) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 1000; ++round) {
    header_bytes page;
    for (std::byte& b : page) b = static_cast<std::byte>(random());
    BOOST_CHECK_EXCEPTION(decode(page, object_bytes), error, is_foreign);
    BOOST_CHECK_EXCEPTION(decode(with_sums(page), object_bytes), error, is_foreign);
  }
}

BOOST_AUTO_TEST_SUITE_END()

constexpr std::size_t mebibyte = std::size_t{1} << 20;

BOOST_AUTO_TEST_SUITE(the_layout_of_a_segment)

BOOST_AUTO_TEST_CASE(has_the_header_in_a_base_page_behind_the_data) {
  const std::size_t page = sys::page_size();
  const segment_layout l(page + 1, page_kind::system);
  BOOST_TEST(l.page == page);
  BOOST_TEST(l.data == 2 * page);
  BOOST_TEST(l.mapped == 2 * page);
  BOOST_TEST(l.object == 2 * page + std::max(page, header_size));
}

BOOST_AUTO_TEST_CASE(begins_a_huge_page_with_the_header_where_pages_may_be_huge) {
  const segment_layout l(1, page_kind::transparent_huge);
  BOOST_TEST(l.data == sys::page_size());
  BOOST_TEST(l.object == 2 * mebibyte + std::max(sys::page_size(), header_size));
}

BOOST_AUTO_TEST_CASE(has_the_header_at_the_end_of_the_last_hugetlb_page) {
  const segment_layout with_room(1, page_kind::huge_2mb);
  BOOST_TEST(with_room.object == 2 * mebibyte);
  BOOST_TEST(with_room.mapped == 2 * mebibyte);
  const segment_layout full(2 * mebibyte, page_kind::huge_2mb);
  BOOST_TEST(full.data == 2 * mebibyte);
  BOOST_TEST(full.object == 4 * mebibyte);
}

BOOST_AUTO_TEST_CASE(is_refused_for_what_has_no_size) {
  for (const std::size_t bytes : {std::size_t{0}, std::numeric_limits<std::size_t>::max(),
                                  static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max())}) {
    BOOST_CHECK_EXCEPTION(segment_layout(bytes, page_kind::system), error, with_code(errc::invalid_size));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
