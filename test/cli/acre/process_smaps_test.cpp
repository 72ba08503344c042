// /proc/PID/smaps as it is, as names of files may look like it, and of this process.
#include "cli/acre/process_smaps.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include <unistd.h>

namespace acre_cli {
namespace {

process_smaps parsed(const char* text) {
  std::istringstream in(text);
  return parse_smaps(in);
}

TEST(process_smaps, have_what_is_resident_and_what_of_it_is_the_processes_own) {
  EXPECT_EQ(parsed("7f00-8f00 rw-p 00000000 00:00 0                          [heap]\n"
                   "Size:               4000 kB\nRss:                1000 kB\nPss:                 250 kB\n"
                   "Pss_Dirty:           100 kB\nVmFlags: rd wr mr mw me ac \n"
                   "9000-a000 rw-s 00000000 00:0e 1 /anon_hugepage (deleted)\nRss: 0 kB\nPss: 0 kB\n"
                   "deadbeef000-deadbef0000 r-xp 00000000 00:00 0    Rss: 4 kB\nRss: 8 kB\nPss: 4 kB\n"),
            (process_smaps{
                {0x7f00, {1000 << 10, 250 << 10, 0}}, {0x9000, {}}, {0xdeadbeef000, {8 << 10, 4 << 10, 0}}}));
}

TEST(process_smaps, add_up_what_is_mapped_by_huge_pages) {
  EXPECT_EQ(parsed("7f0000000000-7f0000400000 rw-p 00000000 00:00 0 \nAnonHugePages:      2048 kB\n"
                   "ShmemPmdMapped:        0 kB\nTHPeligible:           1\n"
                   "7f0000400000-7f0000800000 rw-s 00000000 00:01 7 /dev/shm/FilePmdMapped: 8 kB\n"
                   "AnonHugePages:         0 kB\nShmemPmdMapped:     4096 kB\nFilePmdMapped:      2048 kB\n"),
            (process_smaps{{0x7f0000000000, {0, 0, 2048 << 10}}, {0x7f0000400000, {0, 0, 6144 << 10}}}));
}

TEST(process_smaps, of_nothing_and_of_nonsense_are_empty) {
  EXPECT_EQ(parsed(""), process_smaps{});
  EXPECT_EQ(parsed("Rss: 4 kB\n:\n-\n7f\nx-y\n"), process_smaps{});
  EXPECT_EQ(parsed("1-2\nRss:\nPss: kB\nAnonHugePages\n"), (process_smaps{{1, {}}}));
  EXPECT_EQ(smaps_of(-1), process_smaps{});
}

TEST(process_smaps, of_this_process_have_its_stack) {
  const int local = 0;
  const auto here = reinterpret_cast<std::uintptr_t>(&local);
  const process_smaps found = smaps_of(::getpid());
  auto after = found.upper_bound(here);
  ASSERT_NE(after, found.begin());
  EXPECT_GT((--after)->second.resident, 0U);
}

}  // namespace
}  // namespace acre_cli
