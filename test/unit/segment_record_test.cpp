// segment_record: bytes of anybody to a record of acre's, or an error.
#include "segment/segment_record.hpp"

#include <acre/error.hpp>

#include <gtest/gtest.h>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include "support/throws.hpp"

namespace acre {
namespace {

using test::code_thrown;

constexpr std::uint64_t data_bytes = 100'000;
constexpr std::uint64_t object_bytes = 106'496;

// Where the fields lie, written down again: a record is read by other processes, maybe of another build.
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

segment_record sample() {
  return {.bytes = data_bytes,
          .object_bytes = object_bytes,
          .pages = page_kind::transparent_huge,
          .backend = segment_backend::sysv,
          .address = 0x2345'0000'0000,
          .creator = 4711,
          .creator_start = 123'456'789,
          .creator_namespace = 4'026'531'836,
          .placement = "interleave 0-3 by 2MiB",
          .partly_rebound = true};
}

void expect_same_identity(const segment_record& a, const segment_record& b) {
  EXPECT_EQ(a.bytes, b.bytes);
  EXPECT_EQ(a.object_bytes, b.object_bytes);
  EXPECT_EQ(a.pages, b.pages);
  EXPECT_EQ(a.backend, b.backend);
  EXPECT_EQ(a.address, b.address);
  EXPECT_EQ(a.creator, b.creator);
  EXPECT_EQ(a.creator_start, b.creator_start);
  EXPECT_EQ(a.creator_namespace, b.creator_namespace);
}

void expect_same(const segment_record& a, const segment_record& b) {
  expect_same_identity(a, b);
  EXPECT_EQ(a.placement, b.placement);
  EXPECT_EQ(a.partly_rebound, b.partly_rebound);
}

/// The sample's page with another value in a field, and with the sums of somebody who means it.
template <class Value>
record_bytes forged(std::size_t at, Value value) {
  record_bytes page = encode(sample());
  std::memcpy(page.data() + at, &value, sizeof value);
  return with_sums(page);
}

std::error_code refusal(const record_bytes& page) {
  return code_thrown([&] { decode(page, object_bytes); });
}

TEST(segment_record, comes_back_as_it_went) {
  expect_same(decode(encode(sample()), object_bytes), sample());
  for (const auto pages :
       {page_kind::system, page_kind::transparent_huge, page_kind::huge_2mb, page_kind::huge_1gb}) {
    for (const auto backend : {segment_backend::posix, segment_backend::memfd, segment_backend::sysv}) {
      for (const bool flag : {false, true}) {
        segment_record r = sample();
        r.pages = pages;
        r.backend = backend;
        r.partly_rebound = !flag;
        expect_same(decode(encode(r), object_bytes), r);
      }
    }
  }
}

TEST(segment_record, extreme_numbers_come_back) {
  segment_record r = sample();
  r.object_bytes = std::numeric_limits<std::uint64_t>::max();
  r.bytes = r.object_bytes - record_size;
  r.address = r.creator_start = r.creator_namespace = r.object_bytes;
  r.creator = std::numeric_limits<pid_t>::max();
  r.placement = "";
  expect_same(decode(encode(r), r.object_bytes), r);
  r.bytes = 1;
  r.object_bytes = record_size + 1;
  expect_same(decode(encode(r), r.object_bytes), r);
}

TEST(segment_record, the_sums_of_an_encoded_record_are_right) {
  EXPECT_EQ(with_sums(encode(sample())), encode(sample()));
}

TEST(segment_record, a_blank_page_is_refused) {
  const record_bytes page{};
  EXPECT_EQ(refusal(page), errc::foreign_segment);
  EXPECT_EQ(refusal(with_sums(page)), errc::foreign_segment);
}

TEST(segment_record, every_single_flipped_bit_is_an_error_or_an_empty_placement) {
  const record_bytes whole = encode(sample());
  const segment_record before = sample();
  for (std::size_t bit = 0; bit < record_size * 8; ++bit) {
    record_bytes page = whole;
    page[bit / 8] ^= std::byte{1} << bit % 8;
    try {
      const segment_record r = decode(page, object_bytes);
      ASSERT_GE(bit / 8, at_partly_rebound);
      expect_same_identity(r, before);
      EXPECT_EQ(r.placement, "") << "bit " << bit;
      EXPECT_FALSE(r.partly_rebound) << "bit " << bit;
    } catch (const error& e) {
      ASSERT_EQ(e.code(), errc::foreign_segment) << e.what();
      ASSERT_LT(bit / 8, at_partly_rebound) << "bit " << bit;
    }
    if (HasFailure()) return;
  }
}

TEST(segment_record, every_field_that_makes_no_sense_is_refused_whatever_the_sum) {
  EXPECT_EQ(refusal(forged(at_magic, std::uint64_t{0})), errc::foreign_segment);
  for (const std::uint32_t version : {0U, 2U, 0x01000000U, ~0U})
    EXPECT_EQ(refusal(forged(at_version, version)), errc::foreign_segment) << version;
  for (const std::uint32_t pages : {4U, 5U, 1000U, ~0U})
    EXPECT_EQ(refusal(forged(at_pages, pages)), errc::foreign_segment) << pages;
  for (const std::uint32_t backend : {3U, 4U, 1000U, ~0U})
    EXPECT_EQ(refusal(forged(at_backend, backend)), errc::foreign_segment) << backend;
  for (const std::uint32_t reserved : {1U, 256U, ~0U})
    EXPECT_EQ(refusal(forged(at_reserved, reserved)), errc::foreign_segment) << reserved;
  for (const std::uint64_t bytes :
       {std::uint64_t{0}, object_bytes - record_size + 1, object_bytes, ~std::uint64_t{0}})
    EXPECT_EQ(refusal(forged(at_bytes, bytes)), errc::foreign_segment) << bytes;
  for (const std::uint64_t bytes : {std::uint64_t{0}, object_bytes - 1, object_bytes + 1, ~std::uint64_t{0}})
    EXPECT_EQ(refusal(forged(at_object_bytes, bytes)), errc::foreign_segment) << bytes;
  for (const std::uint64_t creator : {std::uint64_t{0x80000000}, ~std::uint64_t{0}})
    EXPECT_EQ(refusal(forged(at_creator, creator)), errc::foreign_segment) << creator;
}

TEST(segment_record, a_wrong_sum_is_refused) {
  record_bytes page = encode(sample());
  page[at_fixed_sum] ^= std::byte{0xff};
  EXPECT_EQ(refusal(page), errc::foreign_segment);
}

TEST(segment_record, the_version_is_named_in_the_error) {
  try {
    decode(forged(at_version, 77U), object_bytes);
    FAIL() << "decoded";
  } catch (const error& e) {
    EXPECT_NE(std::string(e.what()).find("version 77"), std::string::npos) << e.what();
  }
}

TEST(segment_record, an_object_of_another_size_is_refused) {
  const record_bytes page = encode(sample());
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{record_size},
                                    object_bytes - 1, object_bytes + 4096, ~std::uint64_t{0}})
    EXPECT_EQ(code_thrown([&] { decode(page, bytes); }), errc::foreign_segment) << bytes;
}

TEST(segment_record, an_object_without_room_for_data_is_refused) {
  for (const std::uint64_t bytes : {std::uint64_t{1}, std::uint64_t{record_size}}) {
    segment_record r = sample();
    r.bytes = 1;
    r.object_bytes = bytes;
    EXPECT_EQ(code_thrown([&] { decode(encode(r), bytes); }), errc::foreign_segment) << bytes;
  }
}

TEST(segment_record, a_placement_that_makes_no_sense_is_empty_and_the_rest_holds) {
  const auto expect_empty = [](const record_bytes& page) {
    const segment_record r = decode(page, object_bytes);
    expect_same_identity(r, sample());
    EXPECT_EQ(r.placement, "");
    EXPECT_FALSE(r.partly_rebound);
  };
  expect_empty(forged(at_partly_rebound, 2U));
  expect_empty(forged(at_length, static_cast<std::uint32_t>(longest_text + 1)));
  expect_empty(forged(at_length, ~0U));
  for (const char c : {'\0', '\n', '\x1b', '\x7f', '\x80', '\xff'}) expect_empty(forged(at_text + 3, c));
  // Longer than what was written: zeroes are no text.
  expect_empty(forged(at_length, static_cast<std::uint32_t>(longest_text)));
}

TEST(segment_record, a_placement_text_that_is_too_long_is_cut_and_says_so) {
  segment_record r = sample();
  r.placement = std::string(longest_text, 'x');
  EXPECT_EQ(decode(encode(r), object_bytes).placement, r.placement);
  for (const std::size_t more : {1U, 2U, 1000U, 100'000U}) {
    r.placement = std::string(longest_text + more, 'x');
    const segment_record cut = decode(encode(r), object_bytes);
    EXPECT_EQ(cut.placement, std::string(longest_text - 3, 'x') + "...");
    expect_same_identity(cut, r);
  }
}

TEST(segment_record, random_pages_are_refused) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 1000; ++round) {
    record_bytes page;
    for (std::byte& b : page) b = static_cast<std::byte>(random());
    EXPECT_EQ(refusal(page), errc::foreign_segment);
    EXPECT_EQ(refusal(with_sums(page)), errc::foreign_segment);
  }
}

}  // namespace
}  // namespace acre
