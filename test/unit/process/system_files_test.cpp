#include "process/system_files.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "support/made_up_files.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/print_huge_pool.hpp"

namespace acre {

static std::ostream& boost_test_print_type(std::ostream& out, const memory_limit& limit) {
  return out << limit.used << " of " << limit.limit << " bytes used";
}

}  // namespace acre

namespace acre::test {
namespace {

struct files_of_a_system {
  made_up_files made_up;
  system_files files{made_up.root()};
};

BOOST_FIXTURE_TEST_SUITE(reading_system_files, files_of_a_system)

BOOST_AUTO_TEST_CASE(takes_the_number_that_a_file_begins_with) {
  made_up.write("/proc/a", "17\n");
  made_up.write("/proc/b", "max\n");
  made_up.write("/proc/c", "");
  made_up.write("/proc/d", "99999999999999999999\n");
  BOOST_TEST(files.number("/proc/a") == 17U);
  BOOST_TEST(files.number("/proc/b") == std::nullopt);
  BOOST_TEST(files.number("/proc/c") == std::nullopt);
  BOOST_TEST(files.number("/proc/d") == std::nullopt);
  BOOST_TEST(files.number("/proc/absent") == std::nullopt);
}
BOOST_AUTO_TEST_CASE(takes_the_first_line) {
  made_up.write("/sys/a", "true\nfalse\n");
  BOOST_TEST(files.line("/sys/a") == "true");
  BOOST_TEST(files.line("/sys/absent") == std::nullopt);
}
BOOST_AUTO_TEST_CASE(takes_the_word_in_brackets_for_the_chosen_one) {
  made_up.write("/sys/a", "always [madvise] never\n");
  made_up.write("/sys/b", "always\n");
  made_up.write("/sys/c", "]always[\n");
  BOOST_TEST(files.chosen("/sys/a") == "madvise");
  BOOST_TEST(files.chosen("/sys/b") == std::nullopt);
  BOOST_TEST(files.chosen("/sys/c") == std::nullopt);
}
BOOST_AUTO_TEST_CASE(takes_fields_in_kilobytes_too) {
  made_up.write("/proc/f", "Seccomp:\t2\nSeccomp_filters:\t1\nVmRSS:    12 kB\nName:\tx\nEmpty:\n");
  BOOST_TEST(files.field("/proc/f", "Seccomp") == 2U);
  BOOST_TEST(files.field("/proc/f", "Seccomp_filters") == 1U);
  BOOST_TEST(files.field("/proc/f", "VmRSS") == 12U * 1024);
  BOOST_TEST(files.field("/proc/f", "Name") == std::nullopt);
  BOOST_TEST(files.field("/proc/f", "Empty") == std::nullopt);
  BOOST_TEST(files.field("/proc/f", "Absent") == std::nullopt);
}
BOOST_AUTO_TEST_CASE(counts_lines) {
  made_up.write("/proc/maps", "a\nb\nc\n");
  BOOST_TEST(files.count_lines("/proc/maps") == 3U);
  BOOST_TEST(files.count_lines("/proc/absent") == std::nullopt);
}

BOOST_AUTO_TEST_CASE(finds_the_pools_of_a_node_by_size) {
  const std::string of_node = "/sys/devices/system/node/node3/hugepages/";
  made_up.write(of_node + "hugepages-1048576kB/nr_hugepages", "1\n");
  made_up.write(of_node + "hugepages-1048576kB/free_hugepages", "0\n");
  made_up.write(of_node + "hugepages-2048kB/nr_hugepages", "16\n");
  made_up.write(of_node + "hugepages-2048kB/free_hugepages", "9\n");
  made_up.write(of_node + "hugepages-64kB/nr_hugepages", "16\n");
  made_up.write(of_node + "hugepages-kB/nr_hugepages", "16\n");
  BOOST_TEST(same(files.huge_pools_of(3), std::vector<huge_pool>{{2 << 20, 16, 9}, {1 << 30, 1, 0}}));
  BOOST_TEST(same(files.huge_pools_of(0), std::vector<huge_pool>{}));
}

// How groups and their limits are found is tested in sys/memory_limits_test.cpp.
BOOST_AUTO_TEST_CASE(finds_the_memory_limit_of_this_process) {
  BOOST_TEST(!files.shows_group_of_self());
  made_up.write("/proc/self/cgroup", "0::/a\n");
  made_up.write("/proc/self/mountinfo", "35 24 0:30 / /groups rw - cgroup2 cgroup2 rw\n");
  BOOST_TEST(!files.shows_group_of_self());
  made_up.write("/groups/a/cgroup.procs", "1\n");
  BOOST_TEST(files.shows_group_of_self());
  BOOST_TEST(files.memory_limit_of_self() == std::nullopt);
  made_up.write("/groups/a/memory.max", "9000\n");
  made_up.write("/groups/a/memory.high", "5000\n");
  made_up.write("/groups/a/memory.current", "10\n");
  made_up.write("/groups/a/memory.stat", "inactive_file 5\n");
  BOOST_TEST(files.memory_limit_of_self() == (memory_limit{5000, 10}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
