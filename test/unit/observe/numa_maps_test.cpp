// Lines of /proc/PID/numa_maps and maps as Linux 6.1 and 6.12 write them, and lines that nobody writes.
#include "observe/numa_maps.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "support/named_cases.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre {

static std::ostream& boost_test_print_type(std::ostream& out, const node_pages& n) {
  return out << n.pages << " on " << n.node;
}

}  // namespace acre

BOOST_TEST_DONT_PRINT_LOG_VALUE(acre::numa_maps_line)

namespace acre::test {
namespace {

numa_maps_line parsed(std::string_view text) {
  const auto line = parse_numa_maps_line(text);
  BOOST_TEST_INFO("'" << text << "'");
  BOOST_TEST(line);
  return line.value_or(numa_maps_line{});
}

struct policy_case {
  const char* name;
  const char* text;
  policy_mode mode;
  node_set nodes;
  friend std::ostream& operator<<(std::ostream& out, const policy_case& c) { return out << c.name; }
};

const policy_case policies[] = {
    {"default", "default", policy_mode::unbound, {}},
    {"local", "local", policy_mode::local, {}},
    {"prefer_1", "prefer:1", policy_mode::prefer, {1}},
    {"prefer", "prefer", policy_mode::local, {}},
    {"prefer_many_0-1", "prefer (many):0-1", policy_mode::prefer, {0, 1}},
    {"prefer_many_2", "prefer (many):2", policy_mode::prefer, {2}},
    {"bind_0", "bind:0", policy_mode::bind, {0}},
    {"bind_0-1_5_1023", "bind:0-1,5,1023", policy_mode::bind, {0, 1, 5, 1023}},
    {"bind=static_0-1", "bind=static:0-1", policy_mode::bind, {0, 1}},
    {"bind=relative_1", "bind=relative:1", policy_mode::bind, {1}},
    {"bind=balancing_0-1", "bind=balancing:0-1", policy_mode::bind, {0, 1}},
    {"bind=static_balancing_0-1", "bind=static|balancing:0-1", policy_mode::bind, {0, 1}},
    {"prefer=static_2", "prefer=static:2", policy_mode::prefer, {2}},
    {"prefer_many=static_0_2", "prefer (many)=static:0,2", policy_mode::prefer, {0, 2}},
    {"interleave_0-3", "interleave:0-3", policy_mode::interleave, {0, 1, 2, 3}},
    {"interleave=relative_0-3", "interleave=relative:0-3", policy_mode::interleave, {0, 1, 2, 3}},
    {"weighted_interleave_0-1", "weighted interleave:0-1", policy_mode::weighted_interleave, {0, 1}},
    {"weighted_interleave=relative_0-1",
     "weighted interleave=relative:0-1",
     policy_mode::weighted_interleave,
     {0, 1}},
    {"weighted_interleave=static_1", "weighted interleave=static:1", policy_mode::weighted_interleave, {1}},
};

BOOST_AUTO_TEST_SUITE(policies_of_the_kernel, *named_cases(policies))

BOOST_DATA_TEST_CASE(are_read_alone_and_within_a_line, policies, c) {
  const policy wanted{c.mode, c.nodes};
  BOOST_TEST(parse_kernel_policy(c.text) == wanted);
  const numa_maps_line line =
      parsed("7f0000000000 " + std::string(c.text) + " anon=3 dirty=3 N0=2 N1=1 kernelpagesize_kB=4");
  BOOST_TEST(line.policy == wanted);
  BOOST_TEST(line.policy_text == c.text);
  BOOST_TEST(line.anonymous == 3U);
  BOOST_TEST(same(line.nodes, std::vector<node_pages>{{0, 2}, {1, 1}}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(policies_of_no_kernel)

BOOST_AUTO_TEST_CASE(have_no_value) {
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
                           "prefer (few):0"}) {
    BOOST_TEST_INFO("'" << text << "'");
    BOOST_TEST(parse_kernel_policy(text) == std::nullopt);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_line_of_numa_maps)

BOOST_AUTO_TEST_CASE(tells_all_counts) {
  const numa_maps_line line = parsed(
      "55d0c0a00000 bind:1 anon=10 dirty=7 mapped=12 mapmax=3 swapcache=2 active=4 writeback=1 "
      "N0=5 N1=7 kernelpagesize_kB=4");
  BOOST_TEST(line.begin == 0x55d0c0a00000U);
  BOOST_TEST(line.anonymous == 10U);
  BOOST_TEST(line.dirty == 7U);
  BOOST_TEST(line.mappers == 3U);
  BOOST_TEST(line.swap_cache == 2U);
  BOOST_TEST(line.writeback == 1U);
  BOOST_TEST(line.page_size == 4096U);
  BOOST_TEST(same(line.nodes, std::vector<node_pages>{{0, 5}, {1, 7}}));
  BOOST_TEST(!line.heap);
  BOOST_TEST(!line.stack);
  BOOST_TEST(!line.huge);
  BOOST_TEST(line.file == "");
}

BOOST_AUTO_TEST_CASE(without_pages_has_a_policy_alone) {
  const numa_maps_line line = parsed("7ffc2f7a5000 default");
  BOOST_TEST(line.policy == (policy{policy_mode::unbound, {}}));
  BOOST_TEST(line.nodes.empty());
  BOOST_TEST(line.page_size == 0U);
  BOOST_TEST(line.mappers == 0U);
}

BOOST_AUTO_TEST_CASE(tells_heap_stack_and_huge_pages) {
  BOOST_TEST(parsed("5581 default heap anon=1 dirty=1 N0=1 kernelpagesize_kB=4").heap);
  BOOST_TEST(parsed("7ffd default stack anon=3 dirty=3 N0=3 kernelpagesize_kB=4").stack);
  const numa_maps_line huge = parsed(
      "7f2000000000 bind:1 file=/anon_hugepage\\040(deleted) huge anon=2 dirty=2 N1=2 "
      "kernelpagesize_kB=2048");
  BOOST_TEST(huge.huge);
  BOOST_TEST(huge.page_size == (std::uint64_t{2} << 20));
  BOOST_TEST(same(huge.nodes, std::vector<node_pages>{{1, 2}}));
  BOOST_TEST(huge.file == "/anon_hugepage\\040(deleted)");
}

BOOST_AUTO_TEST_CASE(keeps_the_text_of_a_file_apart_from_its_words) {
  BOOST_TEST(parsed("7f00 default file=/tmp/a\\040b\\011c mapped=1").file == "/tmp/a\\040b\\011c");
  BOOST_TEST(parsed("7f00 default file=heap huge").huge);
  BOOST_TEST(!parsed("7f00 default file=heap huge").heap);
  BOOST_TEST(parsed("7f00 default file=/tmp/N0\\0759 mapped=1").nodes.empty());
}

BOOST_AUTO_TEST_CASE(with_a_policy_that_acre_does_not_know_keeps_its_text) {
  const numa_maps_line line = parsed("7f00 nextnode=static:0 anon=1 N0=1 kernelpagesize_kB=4");
  BOOST_TEST(line.policy == std::nullopt);
  BOOST_TEST(line.policy_text == "nextnode=static:0");
  BOOST_TEST(line.anonymous == 1U);
}

BOOST_AUTO_TEST_CASE(whose_policy_the_kernel_has_cut_has_no_policy) {
  // Of 64 characters the last is the end: "...,24,26" may have been 260.
  const std::string cut = "bind:0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32,34,36,38,40,42";
  const numa_maps_line line = parsed("7f00 " + cut.substr(0, 63) + " anon=1");
  BOOST_TEST(line.policy == std::nullopt);
  BOOST_TEST(line.policy_text.size() == 63U);
}

BOOST_AUTO_TEST_CASE(passes_over_what_it_does_not_know) {
  const numa_maps_line line = parsed(
      "7f00 default news=5 anon=x dirty=99999999999999999999 N=1 Nx=2 N1024=3 N99999999999=4 = =5 N2=0 "
      "N3=6 N3=7 kernelpagesize_kB=18446744073709551615\r");
  BOOST_TEST(line.anonymous == 0U);
  BOOST_TEST(line.dirty == 0U);
  BOOST_TEST(same(line.nodes, std::vector<node_pages>{{3, 7}}));
  BOOST_TEST(line.page_size == 0U);
}

BOOST_AUTO_TEST_CASE(puts_nodes_in_order) {
  BOOST_TEST(
      same(parsed("7f00 default N5=1 N0=2 N3=3").nodes, std::vector<node_pages>{{0, 2}, {3, 3}, {5, 1}}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_file_name)

/// As it is, and as the two files write it (fs/proc/task_mmu.c, fs/seq_file.c).
struct written_name {
  std::string name;
  std::string numa_maps;
  std::string maps;
};
const std::vector<written_name> written_names = {
    {"/tmp/plain", "/tmp/plain", "/tmp/plain"},
    {"/tmp/a b\tc=d", "/tmp/a\\040b\\011c\\075d", "/tmp/a b\tc=d"},
    {"/tmp/oct\\040al", "/tmp/oct\\040al", "/tmp/oct\\040al"},
    {"/tmp/x=\\075", "/tmp/x\\075\\075", "/tmp/x=\\075"},
    {"/tmp/back\\slash\\04", "/tmp/back\\slash\\04", "/tmp/back\\slash\\04"},
    {"/memfd:mem fd (deleted)", "/memfd:mem\\040fd\\040(deleted)", "/memfd:mem fd (deleted)"},
    {"/\\777\\\xff", "/\\777\\\xff", "/\\777\\\xff"},
};

BOOST_AUTO_TEST_CASE(is_decoded_as_far_as_it_was_encoded) {
  for (const written_name& w : written_names) {
    const file_name name = name_of_file(w.numa_maps, w.maps);
    BOOST_TEST(name.text == w.name);
    BOOST_TEST(name.sure);
    BOOST_TEST(is_written_as(w.name, w.numa_maps));
  }
}

BOOST_AUTO_TEST_CASE(with_a_newline_may_be_one_with_digits) {
  const file_name name = name_of_file("/a\\040b\\012", "/a b\\012");
  BOOST_TEST(name.text == "/a b\n");
  BOOST_TEST(!name.sure);
  for (const char* const possible : {"/a b\n", "/a b\\012"})
    BOOST_TEST(is_written_as(possible, "/a\\040b\\012"));
  BOOST_TEST(!is_written_as("/a b", "/a\\040b\\012"));
}

BOOST_AUTO_TEST_CASE(is_guessed_from_numa_maps_where_maps_has_another) {
  for (const char* const other : {"", "/other", "[anon_shmem:a b]"}) {
    const file_name name = name_of_file("/a\\040b\\101", other);
    BOOST_TEST(name.text == "/a b\\101");
    BOOST_TEST(!name.sure);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(other_lines)

BOOST_AUTO_TEST_CASE(are_no_lines_of_numa_maps) {
  for (const char* text : {"", " ", "7f00", "7f00 ", "xyz default", "-7f00 default", "7f00: default",
                           "fffffffffffffffff default", "0x7f00 default"})
    BOOST_TEST(!parse_numa_maps_line(text), "'" << text << "' is taken for one");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_value_of_status)

BOOST_AUTO_TEST_CASE(is_the_text_after_its_key) {
  const std::string_view status =
      "Name:\tMems_allowed_list:\nMems_allowed:\t3\nMems_allowed_list:\t0-1 \nX:\n";
  BOOST_TEST(status_value(status, "Mems_allowed_list") == "0-1");
  BOOST_TEST(status_value(status, "Mems_allowed") == "3");
  BOOST_TEST(status_value(status, "X") == "");
  BOOST_TEST(status_value(status, "Cpus_allowed_list") == "");
  BOOST_TEST(status_value("", "X") == "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_list_of_nodes)

BOOST_AUTO_TEST_CASE(is_read_as_the_kernel_writes_it) {
  BOOST_TEST(parse_node_list("0") == node_set{0});
  BOOST_TEST(parse_node_list("0-2,7") == (node_set{0, 1, 2, 7}));
  for (const char* text : {"", ",", "0-", "-1", "1-0", "1024", "0 1", "a"}) {
    BOOST_TEST_INFO("'" << text << "'");
    BOOST_TEST(parse_node_list(text) == std::nullopt);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
