// /proc/PID/smaps as it is, as names of files may look like it, and of this process.
#include "process/process_smaps.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cstdint>
#include <ostream>
#include <vector>

#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::sys {

static std::ostream& boost_test_print_type(std::ostream& out, const smaps_entry& e) {
  return out << std::hex << e.begin << '-' << e.end << std::dec << " resident " << e.resident
             << ", proportional " << e.proportional << ", transparent_huge " << e.transparent_huge
             << ", page_size " << e.page_size << (e.wants_huge ? ", wants huge" : "")
             << (e.locked ? ", locked" : "");
}

}  // namespace acre::sys

namespace acre::test {
namespace {

using entries = std::vector<smaps_entry>;
using sys::parse_smaps;

BOOST_AUTO_TEST_SUITE(process_smaps)
using acre::process_smaps;

BOOST_AUTO_TEST_CASE(have_what_is_resident_and_what_of_it_is_the_processes_own) {
  BOOST_TEST(same(
      parse_smaps("7f00-8f00 rw-p 00000000 00:00 0                          [heap]\n"
                  "Size:               4000 kB\nRss:                1000 kB\nPss:                 250 kB\n"
                  "Pss_Dirty:           100 kB\nVmFlags: rd wr mr mw me ac \n"
                  "9000-a000 rw-s 00000000 00:0e 1 /anon_hugepage (deleted)\nRss: 0 kB\nPss: 0 kB\n"
                  "deadbeef000-deadbef0000 r-xp 00000000 00:00 0    Rss: 4 kB\nRss: 8 kB\nPss: 4 kB\n"),
      entries{{.begin = 0x7f00, .end = 0x8f00, .resident = 1000 << 10, .proportional = 250 << 10},
              {.begin = 0x9000, .end = 0xa000},
              {.begin = 0xdeadbeef000, .end = 0xdeadbef0000, .resident = 8 << 10, .proportional = 4 << 10}}));
}

BOOST_AUTO_TEST_CASE(add_up_what_is_mapped_by_huge_pages) {
  BOOST_TEST(same(
      parse_smaps("7f0000000000-7f0000400000 rw-p 00000000 00:00 0 \nAnonHugePages:      2048 kB\n"
                  "ShmemPmdMapped:        0 kB\nTHPeligible:           1\nVmFlags: rd wr lo hg \n"
                  "7f0000400000-7f0000800000 rw-s 00000000 00:01 7 /dev/shm/FilePmdMapped: 8 kB\n"
                  "KernelPageSize:        4 kB\n"
                  "AnonHugePages:         0 kB\nShmemPmdMapped:     4096 kB\nFilePmdMapped:      2048 kB\n"),
      entries{{.begin = 0x7f0000000000,
               .end = 0x7f0000400000,
               .transparent_huge = 2048 << 10,
               .wants_huge = true,
               .locked = true},
              {.begin = 0x7f0000400000,
               .end = 0x7f0000800000,
               .transparent_huge = 6144 << 10,
               .page_size = 4096}}));
}

BOOST_AUTO_TEST_CASE(are_those_of_a_range) {
  const char* const text =
      "1000-2000 rw-p 0 00:00 0\nRss: 1 kB\n2000-4000 rw-p 0 00:00 0\nRss: 2 kB\n4000-5000 rw-p 0 00:00 0\n";
  BOOST_TEST(same(parse_smaps(text, 0x3000, 0x4000),
                  entries{{.begin = 0x2000, .end = 0x4000, .resident = 2 << 10}}));
}

BOOST_AUTO_TEST_CASE(of_nothing_and_of_nonsense_are_empty) {
  BOOST_TEST(same(parse_smaps(""), entries{}));
  BOOST_TEST(same(parse_smaps("Rss: 4 kB\n:\n-\n7f\nx-y\n"), entries{}));
  BOOST_TEST(same(parse_smaps("1-2 rw-p\nRss:\nPss: kB\nAnonHugePages\n"), entries{{.begin = 1, .end = 2}}));
  BOOST_TEST(smaps_of(-1).empty());
}

BOOST_AUTO_TEST_CASE(of_this_process_have_its_stack) {
  const int local = 0;
  const auto here = reinterpret_cast<std::uintptr_t>(&local);
  const process_smaps found = smaps_of(::getpid());
  auto after = found.upper_bound(here);
  BOOST_TEST_REQUIRE((after != found.begin()));
  BOOST_TEST((--after)->second.resident > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
