// /proc/PID/smaps as it is, as names of files may look like it, and of this process.
#include "cli/acre/process_smaps.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cstdint>
#include <ostream>
#include <sstream>

#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre_cli {

static std::ostream& boost_test_print_type(std::ostream& out, const mapping_memory& memory) {
  return out << "resident " << memory.resident << ", proportional " << memory.proportional
             << ", transparent_huge " << memory.transparent_huge;
}

namespace {

using acre::test::same;

process_smaps parsed(const char* text) {
  std::istringstream in(text);
  return parse_smaps(in);
}

BOOST_AUTO_TEST_SUITE(process_smaps)
using acre_cli::process_smaps;

BOOST_AUTO_TEST_CASE(have_what_is_resident_and_what_of_it_is_the_processes_own) {
  BOOST_TEST(
      same(parsed("7f00-8f00 rw-p 00000000 00:00 0                          [heap]\n"
                  "Size:               4000 kB\nRss:                1000 kB\nPss:                 250 kB\n"
                  "Pss_Dirty:           100 kB\nVmFlags: rd wr mr mw me ac \n"
                  "9000-a000 rw-s 00000000 00:0e 1 /anon_hugepage (deleted)\nRss: 0 kB\nPss: 0 kB\n"
                  "deadbeef000-deadbef0000 r-xp 00000000 00:00 0    Rss: 4 kB\nRss: 8 kB\nPss: 4 kB\n"),
           process_smaps{
               {0x7f00, {1000 << 10, 250 << 10, 0}}, {0x9000, {}}, {0xdeadbeef000, {8 << 10, 4 << 10, 0}}}));
}

BOOST_AUTO_TEST_CASE(add_up_what_is_mapped_by_huge_pages) {
  BOOST_TEST(
      same(parsed("7f0000000000-7f0000400000 rw-p 00000000 00:00 0 \nAnonHugePages:      2048 kB\n"
                  "ShmemPmdMapped:        0 kB\nTHPeligible:           1\n"
                  "7f0000400000-7f0000800000 rw-s 00000000 00:01 7 /dev/shm/FilePmdMapped: 8 kB\n"
                  "AnonHugePages:         0 kB\nShmemPmdMapped:     4096 kB\nFilePmdMapped:      2048 kB\n"),
           process_smaps{{0x7f0000000000, {0, 0, 2048 << 10}}, {0x7f0000400000, {0, 0, 6144 << 10}}}));
}

BOOST_AUTO_TEST_CASE(of_nothing_and_of_nonsense_are_empty) {
  BOOST_TEST(same(parsed(""), process_smaps{}));
  BOOST_TEST(same(parsed("Rss: 4 kB\n:\n-\n7f\nx-y\n"), process_smaps{}));
  BOOST_TEST(same(parsed("1-2\nRss:\nPss: kB\nAnonHugePages\n"), process_smaps{{1, {}}}));
  BOOST_TEST(same(smaps_of(-1), process_smaps{}));
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
}  // namespace acre_cli
