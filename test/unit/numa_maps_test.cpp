// Lines of /proc/PID/numa_maps and maps as Linux 6.1 and 6.12 write them, and lines that nobody writes.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "observe/numa_maps.hpp"

namespace acre {
namespace {

numa_maps_line parsed(std::string_view text) {
  const auto line = parse_numa_maps_line(text);
  EXPECT_TRUE(line.has_value()) << text;
  return line.value_or(numa_maps_line{});
}

struct policy_case {
  const char* text;
  policy_mode mode;
  node_set nodes;
  friend std::ostream& operator<<(std::ostream& out, const policy_case& c) { return out << c.text; }
};

class policies_of_the_kernel : public testing::TestWithParam<policy_case> {};

TEST_P(policies_of_the_kernel, are_read_alone_and_within_a_line) {
  const policy wanted{GetParam().mode, GetParam().nodes};
  EXPECT_EQ(parse_kernel_policy(GetParam().text), wanted);
  const numa_maps_line line = parsed("7f0000000000 " + std::string(GetParam().text) +
                                     " anon=3 dirty=3 N0=2 N1=1 kernelpagesize_kB=4");
  EXPECT_EQ(line.policy, wanted);
  EXPECT_EQ(line.policy_text, GetParam().text);
  EXPECT_EQ(line.anonymous, 3U);
  EXPECT_EQ(line.nodes, (std::vector<node_pages>{{0, 2}, {1, 1}}));
}

INSTANTIATE_TEST_SUITE_P(
    all, policies_of_the_kernel,
    testing::Values(policy_case{"default", policy_mode::unbound, {}},
                    policy_case{"local", policy_mode::local, {}},
                    policy_case{"prefer:1", policy_mode::prefer, {1}},
                    policy_case{"prefer", policy_mode::local, {}},
                    policy_case{"prefer (many):0-1", policy_mode::prefer, {0, 1}},
                    policy_case{"prefer (many):2", policy_mode::prefer, {2}},
                    policy_case{"bind:0", policy_mode::bind, {0}},
                    policy_case{"bind:0-1,5,1023", policy_mode::bind, {0, 1, 5, 1023}},
                    policy_case{"bind=static:0-1", policy_mode::bind, {0, 1}},
                    policy_case{"bind=relative:1", policy_mode::bind, {1}},
                    policy_case{"bind=balancing:0-1", policy_mode::bind, {0, 1}},
                    policy_case{"bind=static|balancing:0-1", policy_mode::bind, {0, 1}},
                    policy_case{"prefer=static:2", policy_mode::prefer, {2}},
                    policy_case{"prefer (many)=static:0,2", policy_mode::prefer, {0, 2}},
                    policy_case{"interleave:0-3", policy_mode::interleave, {0, 1, 2, 3}},
                    policy_case{"interleave=relative:0-3", policy_mode::interleave, {0, 1, 2, 3}},
                    policy_case{"weighted interleave:0-1", policy_mode::weighted_interleave, {0, 1}},
                    policy_case{"weighted interleave=relative:0-1", policy_mode::weighted_interleave, {0, 1}},
                    policy_case{"weighted interleave=static:1", policy_mode::weighted_interleave, {1}}));

TEST(policies_of_no_kernel, have_no_value) {
  for (const char* text : {"",
                           "bin",
                           "bind",
                           "bind:",
                           "bind:1-0",
                           "bind:0-1024",
                           "bind:99999999999",
                           "bind:0x1",
                           "bind:-1",
                           "bind:0 1",
                           "bind=static",
                           "bind=:",
                           "default:0",
                           "local:1",
                           "defaultly",
                           "nextnode:0",
                           "=static:0",
                           "interleave=static",
                           "weighted",
                           "prefer (few):0"})
    EXPECT_EQ(parse_kernel_policy(text), std::nullopt) << text;
}

TEST(a_line_of_numa_maps, tells_all_counts) {
  const numa_maps_line line = parsed(
      "55d0c0a00000 bind:1 anon=10 dirty=7 mapped=12 mapmax=3 swapcache=2 active=4 writeback=1 "
      "N0=5 N1=7 kernelpagesize_kB=4");
  EXPECT_EQ(line.begin, 0x55d0c0a00000U);
  EXPECT_EQ(line.anonymous, 10U);
  EXPECT_EQ(line.dirty, 7U);
  EXPECT_EQ(line.mappers, 3U);
  EXPECT_EQ(line.swap_cache, 2U);
  EXPECT_EQ(line.writeback, 1U);
  EXPECT_EQ(line.page_size, 4096U);
  EXPECT_EQ(line.nodes, (std::vector<node_pages>{{0, 5}, {1, 7}}));
  EXPECT_FALSE(line.heap || line.stack || line.huge);
  EXPECT_EQ(line.file, "");
}

TEST(a_line_of_numa_maps, without_pages_has_a_policy_alone) {
  const numa_maps_line line = parsed("7ffc2f7a5000 default");
  EXPECT_EQ(line.policy, (policy{policy_mode::unbound, {}}));
  EXPECT_TRUE(line.nodes.empty());
  EXPECT_EQ(line.page_size, 0U);
  EXPECT_EQ(line.mappers, 0U);
}

TEST(a_line_of_numa_maps, tells_heap_stack_and_huge_pages) {
  EXPECT_TRUE(parsed("5581 default heap anon=1 dirty=1 N0=1 kernelpagesize_kB=4").heap);
  EXPECT_TRUE(parsed("7ffd default stack anon=3 dirty=3 N0=3 kernelpagesize_kB=4").stack);
  const numa_maps_line huge = parsed(
      "7f2000000000 bind:1 file=/anon_hugepage\\040(deleted) huge anon=2 dirty=2 N1=2 "
      "kernelpagesize_kB=2048");
  EXPECT_TRUE(huge.huge);
  EXPECT_EQ(huge.page_size, std::uint64_t{2} << 20);
  EXPECT_EQ(huge.nodes, (std::vector<node_pages>{{1, 2}}));
  EXPECT_EQ(huge.file, "/anon_hugepage (deleted)");
}

TEST(a_line_of_numa_maps, resolves_escapes_of_file_names) {
  EXPECT_EQ(parsed("7f00 default file=/tmp/a\\040b\\011c\\012d\\075e mapped=1").file, "/tmp/a b\tc\nd=e");
  EXPECT_EQ(parsed("7faa19194000 bind:1 file=/tmp/a\\040b\\075c\\011d\\e dirty=16 active=0 N1=16").file,
            "/tmp/a b=c\td\\e");
  EXPECT_EQ(
      parsed("7faa19183000 interleave:0-1 file=/memfd:mem\\040fd\\040(deleted) dirty=16 N0=8 N1=8").file,
      "/memfd:mem fd (deleted)");
  EXPECT_EQ(parsed("7f00 default file=/tmp/N0\\0759 mapped=1").file, "/tmp/N0=9");
  EXPECT_EQ(parsed("7f00 default file=/tmp/back\\slash\\04 mapped=1").file, "/tmp/back\\slash\\04");
  EXPECT_EQ(parsed("7f00 default file=/\\777\\").file, "/\\777\\");
  EXPECT_TRUE(parsed("7f00 default file=heap huge").huge);
  EXPECT_FALSE(parsed("7f00 default file=heap huge").heap);
}

TEST(a_line_of_numa_maps, with_a_policy_that_acre_does_not_know_keeps_its_text) {
  const numa_maps_line line = parsed("7f00 nextnode=static:0 anon=1 N0=1 kernelpagesize_kB=4");
  EXPECT_EQ(line.policy, std::nullopt);
  EXPECT_EQ(line.policy_text, "nextnode=static:0");
  EXPECT_EQ(line.anonymous, 1U);
}

TEST(a_line_of_numa_maps, whose_policy_the_kernel_has_cut_has_no_policy) {
  // Of 64 characters the last is the end: "...,24,26" may have been 260.
  const std::string cut = "bind:0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32,34,36,38,40,42";
  const numa_maps_line line = parsed("7f00 " + cut.substr(0, 63) + " anon=1");
  EXPECT_EQ(line.policy, std::nullopt);
  EXPECT_EQ(line.policy_text.size(), 63U);
}

TEST(a_line_of_numa_maps, passes_over_what_it_does_not_know) {
  const numa_maps_line line = parsed(
      "7f00 default news=5 anon=x dirty=99999999999999999999 N=1 Nx=2 N1024=3 N99999999999=4 = =5 N2=0 "
      "N3=6 N3=7 kernelpagesize_kB=18446744073709551615\r");
  EXPECT_EQ(line.anonymous, 0U);
  EXPECT_EQ(line.dirty, 0U);
  EXPECT_EQ(line.nodes, (std::vector<node_pages>{{3, 7}}));
  EXPECT_EQ(line.page_size, 0U);
}

TEST(a_line_of_numa_maps, puts_nodes_in_order) {
  EXPECT_EQ(parsed("7f00 default N5=1 N0=2 N3=3").nodes, (std::vector<node_pages>{{0, 2}, {3, 3}, {5, 1}}));
}

TEST(other_lines, are_no_lines_of_numa_maps) {
  for (const char* text : {"", " ", "7f00", "7f00 ", "xyz default", "-7f00 default", "7f00: default",
                           "fffffffffffffffff default", "0x7f00 default"})
    EXPECT_FALSE(parse_numa_maps_line(text).has_value()) << text;
}

TEST(a_line_of_maps, tells_range_permissions_and_name) {
  const auto line = parse_maps_line("7f5b2c000000-7f5b2c021000 rw-p 00000000 00:00 0 ");
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->begin, 0x7f5b2c000000U);
  EXPECT_EQ(line->end, 0x7f5b2c021000U);
  EXPECT_EQ(line->permissions, "rw-p");
  EXPECT_EQ(line->name, "");
  EXPECT_EQ(parse_maps_line("1000-2000 r-xp 00001000 fe:01 131   /usr/lib/a b.so")->name, "/usr/lib/a b.so");
  EXPECT_EQ(parse_maps_line("1000-2000 rw-p 00000000 00:00 0    [anon:a name]")->name, "[anon:a name]");
  EXPECT_EQ(parse_maps_line("1000-2000 rw-p 00000000 00:00 0")->name, "");
}

TEST(other_lines, are_no_lines_of_maps) {
  for (const char* text : {"", "1000", "1000-2000", "1000-2000 rw", "2000-1000 rw-p", "1000-1000 rw-p",
                           "x-y rw-p", "-2000 rw-p", "1000- rw-p", "1000-fffffffffffffffff rw-p"})
    EXPECT_FALSE(parse_maps_line(text).has_value()) << text;
}

TEST(a_value_of_status, is_the_text_after_its_key) {
  const std::string_view status =
      "Name:\tMems_allowed_list:\nMems_allowed:\t3\nMems_allowed_list:\t0-1 \nX:\n";
  EXPECT_EQ(status_value(status, "Mems_allowed_list"), "0-1");
  EXPECT_EQ(status_value(status, "Mems_allowed"), "3");
  EXPECT_EQ(status_value(status, "X"), "");
  EXPECT_EQ(status_value(status, "Cpus_allowed_list"), "");
  EXPECT_EQ(status_value("", "X"), "");
}

TEST(a_list_of_nodes, is_read_as_the_kernel_writes_it) {
  EXPECT_EQ(parse_node_list("0"), node_set{0});
  EXPECT_EQ(parse_node_list("0-2,7"), (node_set{0, 1, 2, 7}));
  for (const char* text : {"", ",", "0-", "-1", "1-0", "1024", "0 1", "a"})
    EXPECT_EQ(parse_node_list(text), std::nullopt) << text;
}

}  // namespace
}  // namespace acre
