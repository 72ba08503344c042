// What control groups leave, out of made-up files: both versions, seen from where containers see them.
#include "sys/memory_limits.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>

#include "support/made_up_files.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

using sys::group_limits;

class groups {
 public:
  void write(const std::string& file, const std::string& text) { x_files.write(file, text); }
  /// The group of this process, and where groups are mounted.
  void place(const std::string& cgroup, const std::string& mountinfo) {
    write("/proc/self/cgroup", cgroup);
    write("/proc/self/mountinfo", mountinfo);
  }
  void make(const std::string& group) { write(group + "/cgroup.procs", "1\n"); }
  void name_namespace(const std::string& inode) {
    std::filesystem::create_directories(x_files.root() / "proc/self/ns");
    std::filesystem::create_symlink("cgroup:[" + inode + "]", x_files.root() / "proc/self/ns/cgroup");
  }
  group_limits memory(std::uint64_t wanted = 1'000'000) const {
    return sys::memory_group_limits(wanted, x_files.root().string());
  }
  group_limits huge_pages(unsigned shift) const {
    return sys::huge_page_group_limits(shift, x_files.root().string());
  }

 private:
  made_up_files x_files;
};

const std::string version_2 = "35 24 0:30 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n";

void expect(const group_limits& found, std::uint64_t bytes, const std::string& file) {
  BOOST_TEST_REQUIRE(found.tightest.has_value());
  BOOST_TEST(found.tightest->bytes == bytes);
  BOOST_TEST(found.tightest->file == file);
  BOOST_TEST(found.all_seen);
}

BOOST_FIXTURE_TEST_SUITE(memory_limits, groups)

BOOST_AUTO_TEST_CASE(are_those_of_the_group_and_of_all_above_it) {
  place("0::/a/b\n", version_2);
  make("/sys/fs/cgroup/a/b");
  BOOST_TEST(!memory().tightest.has_value());
  write("/sys/fs/cgroup/a/b/memory.max", "max\n");
  write("/sys/fs/cgroup/a/b/memory.current", "100\n");
  BOOST_TEST(!memory().tightest.has_value());
  BOOST_TEST(memory().all_seen);
  write("/sys/fs/cgroup/a/b/memory.max", "5000\n");
  expect(memory(), 4900, "/sys/fs/cgroup/a/b/memory.max");
  write("/sys/fs/cgroup/a/memory.max", "6000\n");
  write("/sys/fs/cgroup/a/memory.current", "5000\n");
  expect(memory(), 1000, "/sys/fs/cgroup/a/memory.max");
}

BOOST_AUTO_TEST_CASE(leave_what_page_cache_can_give_up) {
  place("0::/a\n", version_2);
  make("/sys/fs/cgroup/a");
  write("/sys/fs/cgroup/a/memory.max", "5000\n");
  write("/sys/fs/cgroup/a/memory.current", "4000\n");
  write("/sys/fs/cgroup/a/memory.stat", "anon 1000\ninactive_anon 5\ninactive_file 3000\n");
  expect(memory(), 4000, "/sys/fs/cgroup/a/memory.max");
  // Where enough is left without, it is not looked at.
  expect(memory(1000), 1000, "/sys/fs/cgroup/a/memory.max");
}

BOOST_AUTO_TEST_CASE(of_a_namespaces_topmost_group_count) {
  place("0::/\n", version_2);
  make("/sys/fs/cgroup");
  write("/sys/fs/cgroup/memory.max", "5000\n");
  write("/sys/fs/cgroup/memory.current", "0\n");
  expect(memory(), 5000, "/sys/fs/cgroup/memory.max");
}

BOOST_AUTO_TEST_CASE(are_found_where_only_a_part_is_mounted) {
  place("0::/docker/1/x\n", "35 24 0:30 /docker/1 /groups rw - cgroup2 cgroup2 rw\n");
  make("/groups/x");
  write("/groups/memory.max", "5000\n");
  write("/groups/memory.current", "1000\n");
  expect(memory(), 4000, "/groups/memory.max");
}

BOOST_AUTO_TEST_CASE(are_found_where_other_parts_are_mounted_later) {
  const std::string others = "90 24 0:30 /other /mnt/o rw - cgroup2 cgroup2 rw\n";
  for (const std::string& mounts : {version_2 + others, others + version_2}) {
    place("0::/a\n", mounts);
    make("/sys/fs/cgroup/a");
    make("/mnt/o");
    write("/sys/fs/cgroup/a/memory.max", "5000\n");
    write("/sys/fs/cgroup/a/memory.current", "1000\n");
    write("/mnt/o/memory.max", "10\n");
    write("/mnt/o/memory.current", "10\n");
    expect(memory(), 4000, "/sys/fs/cgroup/a/memory.max");
  }
}

BOOST_AUTO_TEST_CASE(leave_nothing_above_memory_high) {
  place("0::/a\n", version_2);
  make("/sys/fs/cgroup/a");
  write("/sys/fs/cgroup/a/memory.high", "1000\n");
  write("/sys/fs/cgroup/a/memory.current", "1500\n");
  write("/sys/fs/cgroup/a/memory.stat", "anon 1100\ninactive_file 400\n");
  expect(memory(), 0, "/sys/fs/cgroup/a/memory.high");
  write("/sys/fs/cgroup/a/memory.stat", "anon 800\ninactive_file 700\n");
  expect(memory(), 200, "/sys/fs/cgroup/a/memory.high");
}

BOOST_AUTO_TEST_CASE(slow_down_above_memory_high) {
  place("0::/a\n", version_2);
  make("/sys/fs/cgroup/a");
  write("/sys/fs/cgroup/a/memory.max", "5000\n");
  write("/sys/fs/cgroup/a/memory.high", "3000\n");
  write("/sys/fs/cgroup/a/memory.current", "1000\n");
  expect(memory(), 2000, "/sys/fs/cgroup/a/memory.high");
}

BOOST_AUTO_TEST_CASE(of_version_1_have_files_of_their_own) {
  place("9:pids:/p\n4:cpu,memory:/m/1\n0::/\n",
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,cpu,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  make("/sys/fs/cgroup/unified");
  make("/sys/fs/cgroup/memory/m/1");
  const std::string group = "/sys/fs/cgroup/memory/m/1/";
  write(group + "memory.limit_in_bytes", "9223372036854771712\n");
  write(group + "memory.usage_in_bytes", "1000\n");
  BOOST_TEST(!memory().tightest.has_value());
  write(group + "memory.limit_in_bytes", "5000\n");
  write(group + "memory.stat", "inactive_file 100\ntotal_inactive_file 300\n");
  expect(memory(), 4300, group + "memory.limit_in_bytes");
  write(group + "memory.memsw.limit_in_bytes", "5000\n");
  write(group + "memory.memsw.usage_in_bytes", "4000\n");
  expect(memory(), 1300, group + "memory.memsw.limit_in_bytes");
}

BOOST_AUTO_TEST_CASE(of_version_1_above_a_group_that_is_not_counted_there_do_not_count) {
  place("4:memory:/m/1\n", "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  make("/sys/fs/cgroup/memory/m/1");
  write("/sys/fs/cgroup/memory/m/memory.limit_in_bytes", "5000\n");
  write("/sys/fs/cgroup/memory/m/memory.usage_in_bytes", "0\n");
  expect(memory(), 5000, "/sys/fs/cgroup/memory/m/memory.limit_in_bytes");
  write("/sys/fs/cgroup/memory/m/memory.use_hierarchy", "0\n");
  BOOST_TEST(!memory().tightest.has_value());
}

BOOST_AUTO_TEST_CASE(that_cannot_be_read_are_unknown) {
  BOOST_TEST(!memory().all_seen);
  place("0::/a\n", version_2);  // and /sys is hidden
  BOOST_TEST(!memory().all_seen);
  place("0::/../a\n", version_2);  // outside of the namespace
  make("/sys/fs/cgroup");
  BOOST_TEST(!memory().all_seen);
  place("0::/\n", "");
  BOOST_TEST(!memory().all_seen);
  name_namespace("4026532000");
  BOOST_TEST(!memory().all_seen);
}

BOOST_AUTO_TEST_CASE(are_none_of_the_topmost_group_of_all) {
  place("0::/\n", "");
  name_namespace("4026531835");
  BOOST_TEST(memory().all_seen);
  BOOST_TEST(!memory().tightest.has_value());
}

BOOST_AUTO_TEST_CASE(of_a_container_are_found_without_proc) {
  write("/sys/fs/cgroup/memory.max", "5000\n");
  write("/sys/fs/cgroup/memory.current", "0\n");
  BOOST_TEST_REQUIRE(memory().tightest.has_value());
  BOOST_TEST(memory().tightest->bytes == 5000U);
}

BOOST_AUTO_TEST_CASE(are_found_again_where_mounts_or_groups_have_changed) {
  place("0::/a\n", version_2);
  make("/sys/fs/cgroup/a");
  write("/sys/fs/cgroup/a/memory.max", "5000\n");
  write("/sys/fs/cgroup/a/memory.current", "0\n");
  expect(memory(), 5000, "/sys/fs/cgroup/a/memory.max");
  place("0::/b\n", version_2);
  make("/sys/fs/cgroup/b");
  BOOST_TEST(!memory().tightest.has_value());
  BOOST_TEST(memory().all_seen);
  place("0::/c\n", "35 24 0:30 / /groups rw - cgroup2 cgroup2 rw\n");
  make("/groups/c");
  write("/groups/c/memory.max", "3000\n");
  write("/groups/c/memory.current", "0\n");
  expect(memory(), 3000, "/groups/c/memory.max");
}

BOOST_AUTO_TEST_CASE(of_huge_pages_are_by_size) {
  place("0::/a\n", version_2);
  make("/sys/fs/cgroup/a");
  write("/sys/fs/cgroup/a/hugetlb.2MB.max", "4194304\n");
  write("/sys/fs/cgroup/a/hugetlb.2MB.current", "2097152\n");
  write("/sys/fs/cgroup/a/hugetlb.1GB.max", "max\n");
  write("/sys/fs/cgroup/a/hugetlb.1GB.current", "0\n");
  expect(huge_pages(21), 2097152, "/sys/fs/cgroup/a/hugetlb.2MB.max");
  BOOST_TEST(!huge_pages(30).tightest.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
