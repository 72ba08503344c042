#include "sys/mappings.hpp"

#include <boost/test/unit_test.hpp>

#include "support/print.hpp"

BOOST_TEST_DONT_PRINT_LOG_VALUE(acre::sys::maps_line)

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(a_line_of_maps)

BOOST_AUTO_TEST_CASE(tells_what_is_mapped_where) {
  const auto line = sys::parse_maps_line("7f5b2c000000-7f5b2c021000 rw-p 00000000 00:00 0 ");
  BOOST_TEST_REQUIRE(line);
  BOOST_TEST(line->begin == 0x7f5b2c000000U);
  BOOST_TEST(line->end == 0x7f5b2c021000U);
  BOOST_TEST(line->permissions == "rw-p");
  BOOST_TEST(!line->shared);
  BOOST_TEST(line->inode == 0U);
  BOOST_TEST(line->name == "");
  const auto file = sys::parse_maps_line("1000-2000 r-xs 00003000 fe:01 131   /usr/lib/a b.so");
  BOOST_TEST_REQUIRE(file);
  BOOST_TEST(file->shared);
  BOOST_TEST(file->offset == 0x3000U);
  BOOST_TEST(file->inode == 131U);
  BOOST_TEST(file->name == "/usr/lib/a b.so");
  BOOST_TEST(sys::parse_maps_line("1000-2000 rw-p 00000000 00:00 0    [anon:a name]")->name ==
             "[anon:a name]");
  BOOST_TEST(sys::parse_maps_line("1000-2000 rw-p 00000000 00:00 0")->name == "");
}
BOOST_AUTO_TEST_CASE(may_end_early) {
  for (const char* const text :
       {"1000-2000 rw-s", "1000-2000 rw-s ", "1000-2000 rw-s 0", "1000-2000 rw-s 0 00:00"})
    BOOST_TEST(sys::parse_maps_line(text)->shared);
}
BOOST_AUTO_TEST_CASE(is_no_other) {
  for (const char* text :
       {"", "1000", "1000-2000", "1000-2000 rw", "2000-1000 rw-p", "1000-1000 rw-p", "x-y rw-p", "-2000 rw-p",
        "1000- rw-p", "1000-fffffffffffffffff rw-p", "Anonymous:    4 kB"})
    BOOST_TEST(!sys::parse_maps_line(text), "'" << text << "' is taken for one");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
