#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>

#include "support/errors.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

static_assert(64_KiB == 65536 && 2_MiB == 2097152 && 1_GiB == 1073741824);

// As an argument inside a template, where clang 14 left a consteval literal to the linker.
template <class Take>
std::size_t take_a_mebibyte(Take take) {
  const std::string text = "1MiB";
  return take(text, 1_MiB);
}

BOOST_AUTO_TEST_SUITE(bytes)

BOOST_AUTO_TEST_CASE(have_literals_that_work_in_templates) {
  BOOST_TEST(take_a_mebibyte([](const std::string&, std::size_t bytes) { return bytes; }) == 1048576U);
}

BOOST_AUTO_TEST_CASE(are_written_with_the_largest_exact_unit) {
  const std::pair<std::uint64_t, const char*> cases[] = {
      {0, "0"},           {1, "1"},
      {1000, "1000"},     {1024, "1KiB"},
      {1536, "1536"},     {4096, "4KiB"},
      {3_MiB, "3MiB"},    {1_GiB + 1_KiB, "1048577KiB"},
      {1024_GiB, "1TiB"}, {most, "18446744073709551615"},
  };
  for (const auto& [bytes, text] : cases) BOOST_TEST(format_bytes(bytes) == text);
}

BOOST_AUTO_TEST_CASE(are_written_for_people_to_three_digits) {
  const std::pair<std::uint64_t, const char*> cases[] = {
      {0, "0 B"},
      {1023, "1023 B"},
      {1024, "1 KiB"},
      {1536_MiB, "1.5 GiB"},
      {312_MiB, "312 MiB"},
      {1_GiB + 256_MiB, "1.25 GiB"},
      {10_GiB + 512_MiB, "10.5 GiB"},
      {99_GiB + 1000_MiB, "100 GiB"},
      {1_MiB - 1, "1 MiB"},
      {1000_KiB, "1000 KiB"},
      {most, "16 EiB"},
  };
  for (const auto& [bytes, text] : cases) BOOST_TEST(format_bytes_rounded(bytes) == text);
}

BOOST_AUTO_TEST_CASE(are_read_in_every_spelling) {
  const std::pair<const char*, std::uint64_t> cases[] = {
      {"0", 0},          {"4096", 4096},     {"64K", 64_KiB}, {"64k", 64_KiB},
      {"64KiB", 64_KiB}, {"2M", 2_MiB},      {"2m", 2_MiB},   {"2MiB", 2_MiB},
      {"1G", 1_GiB},     {"1g", 1_GiB},      {"1GiB", 1_GiB}, {"1T", 1024_GiB},
      {"1t", 1024_GiB},  {"1TiB", 1024_GiB}, {"0T", 0},       {"18446744073709551615", most},
  };
  for (const auto& [text, bytes] : cases) {
    BOOST_TEST_INFO("'" << text << "'");
    BOOST_TEST(parse_bytes(text) == bytes);
  }
}

BOOST_AUTO_TEST_CASE(are_refused_with_what_is_wrong_and_where) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "'': expected a number of bytes at position 0"},
      {"x", "'x': expected a number of bytes at position 0"},
      {"-1", "'-1': expected a number of bytes at position 0"},
      {"+1", "'+1': expected a number of bytes at position 0"},
      {" 1", "' 1': expected a number of bytes at position 0"},
      {"12x", "'12x': expected a unit (K, KiB, M, MiB, G, GiB, T, TiB) at position 2"},
      {"1 K", "'1 K': expected a unit (K, KiB, M, MiB, G, GiB, T, TiB) at position 1"},
      {"0x10", "'0x10': expected a unit (K, KiB, M, MiB, G, GiB, T, TiB) at position 1"},
      {"1.5G", "'1.5G': expected a unit (K, KiB, M, MiB, G, GiB, T, TiB) at position 1"},
      {"1kib", "'1kib': expected a unit (K, KiB, M, MiB, G, GiB, T, TiB) at position 1"},
      {"1KiBs", "'1KiBs': expected a unit (K, KiB, M, MiB, G, GiB, T, TiB) at position 1"},
      {"64MB",
       "'64MB': decimal units mean different things to different programs, write KiB, MiB, GiB or TiB at "
       "position 2"},
      {"64kB",
       "'64kB': decimal units mean different things to different programs, write KiB, MiB, GiB or TiB at "
       "position 2"},
      {"18446744073709551616", "'18446744073709551616': the number is too large at position 0"},
      {"16777216T", "'16777216T': the number is too large at position 0"},
  };
  for (const auto& [text, message] : cases) {
    BOOST_TEST_INFO("'" << text << "'");
    BOOST_CHECK_EXCEPTION((void)parse_bytes(text), error,
                          with_code(errc::invalid_text).saying_exactly(message));
  }
}

BOOST_AUTO_TEST_CASE(are_read_back_as_they_were_written) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t bytes = random() << (random() % 64) >> (random() % 64);
    BOOST_TEST(parse_bytes(format_bytes(bytes)) == bytes);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
