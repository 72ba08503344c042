#include "cli/acre/where/where_text.hpp"
#include "cli/common/text.hpp"
#include "made_up_process.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace acre_cli;
using testing::HasSubstr;
using testing::Not;

const std::vector<acre::node_id> sixteen = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void expect_to_fit(const std::string& text, std::size_t width) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) EXPECT_LE(columns(line), width) << line;
}

struct machine {
  std::string name;
  std::vector<acre::node_id> nodes;
  friend std::ostream& operator<<(std::ostream& out, const machine& m) { return out << m.name; }
};
class where_text_on : public testing::TestWithParam<machine> {};
INSTANTIATE_TEST_SUITE_P(machines, where_text_on,
                         testing::Values(machine{"one", {0}}, machine{"two", {0, 1}},
                                         machine{"sixteen", sixteen}, machine{"sparse", {0, 8, 250, 1023}}),
                         [](const auto& p) { return p.param.name; });

TEST_P(where_text_on, any_machine_fits_the_terminal) {
  for (const std::size_t mappings : {0U, 1U, 100U}) {
    for (const std::size_t width : {60U, 61U, 79U, 80U, 81U, 120U, 200U}) {
      for (const bool unicode : {false, true}) {
        where_text_options options;
        options.columns = width;
        options.style.unicode = unicode;
        expect_to_fit(where_text(made_up_process(GetParam().nodes, mappings), options), width);
      }
    }
  }
}

TEST_P(where_text_on, any_machine_fits_a_low_terminal) {
  for (std::size_t lines = 1; lines < 60; ++lines) {
    where_text_options options;
    options.lines = lines;
    const std::string text = where_text(made_up_process(GetParam().nodes, 100), options);
    EXPECT_LE(lines_in(text), lines) << text;
    EXPECT_EQ(text.back(), '\n');
    if (lines >= 24) {
      EXPECT_THAT(text, HasSubstr("more mappings")) << text;
    }
    expect_to_fit(text, 80);
  }
}

TEST_P(where_text_on, any_machine_is_plain_where_colours_are_off) {
  EXPECT_THAT(where_text(made_up_process(GetParam().nodes, 30), {}), Not(HasSubstr("\033")));
}

TEST(where_text, begins_with_the_process_its_nodes_and_its_policy) {
  const std::string text = where_text(made_up_process({0, 2}, 1), {});
  EXPECT_THAT(text, testing::StartsWith("process 4242: made-up --with arguments\n"
                                        "allowed nodes 0,2, thread policy 'unbound'; "));
  EXPECT_THAT(text, HasSubstr("in 1 mapping\n"));
}

TEST(where_text, shows_the_largest_first_and_sums_up_the_others) {
  where_report r = made_up_process({0, 1}, 5);
  where_text_options options;
  options.top = 2;
  const std::string text = where_text(r, options);
  const mapping_sum rest = sum_of(std::span(r.binding.mappings).subspan(2));
  EXPECT_THAT(text, HasSubstr("in 3 more mappings\n"));
  EXPECT_GE(r.binding.mappings[0].pages(), r.binding.mappings[1].pages());
  EXPECT_GE(r.binding.mappings[1].pages(), r.binding.mappings[2].pages());
  EXPECT_EQ(rest.pages + r.binding.mappings[0].pages() + r.binding.mappings[1].pages(), r.binding.pages());
  options.top = 0;
  EXPECT_THAT(where_text(r, options), Not(HasSubstr("more mapping")));
}

TEST(where_text, names_mappings_policies_and_huge_pages) {
  const std::string text = where_text(made_up_process({0, 1}, 5, "/dev/shm/index (deleted)"), {});
  EXPECT_THAT(text, HasSubstr("/dev/shm/index (deleted)"));
  EXPECT_THAT(text, HasSubstr("[anon:part 4]"));
  EXPECT_THAT(text, HasSubstr("libexample.so.1"));
  EXPECT_THAT(text, HasSubstr("interleave=static"));
  EXPECT_THAT(text, HasSubstr("2 MiB hugetlb"));
  EXPECT_THAT(text, HasSubstr("7f0020000000-7f0024000000"));  // the one without a name
  EXPECT_THAT(text, HasSubstr("all on node 1"));
}

TEST(where_text, tells_transparent_huge_pages) {
  where_report r = made_up_process({0, 1}, 3);
  const auto bytes = [&](std::size_t i) { return r.binding.mappings[i].pages() * r.binding.page_size; };
  r.smaps[r.binding.mappings[0].begin].transparent_huge = bytes(0) + 4096;
  r.smaps[r.binding.mappings[1].begin].transparent_huge = bytes(1) / 2;
  where_text_options options;
  for (options.columns = 60; options.columns < 100; ++options.columns) {
    const std::string text = where_text(r, options);
    expect_to_fit(text, options.columns);
    EXPECT_THAT(text, HasSubstr(" all huge\n"));
    EXPECT_THAT(text, HasSubstr(" 50% huge\n"));
    EXPECT_THAT(text, HasSubstr(" 4 KiB pages\n"));
  }
  EXPECT_THAT(where_text(r, {}), HasSubstr(" of it in transparent huge pages\n"));
  r.smaps[r.binding.mappings[0].begin].transparent_huge = 4096;
  EXPECT_THAT(where_text(r, {}), HasSubstr(" 1% huge\n"));
}

TEST(where_text, lists_the_nodes_without_pages_too) {
  where_report r = make_report(
      [] {
        acre::process_binding b = made_up_process({0}, 1).binding;
        b.allowed_nodes = {0, 1, 2};
        return b;
      }(),
      {0, 2, 3});
  const std::string text = where_text(r, {});
  EXPECT_THAT(text, HasSubstr("  node 0 "));
  EXPECT_THAT(text, HasSubstr("  node 2 "));
  EXPECT_THAT(text, Not(HasSubstr("  node 1 ")));  // without memory
  EXPECT_THAT(text, Not(HasSubstr("  node 3 ")));  // not allowed
}

TEST(where_text, of_hostile_names_stays_on_its_lines) {
  where_report r = made_up_process({0}, 1, hostile_name);
  r.command = hostile_name;
  const std::string text = where_text(r, {});
  for (const char* bad : {"\033", "\r", "\t", "\xff", "\u202e", "\u009b"})
    EXPECT_THAT(text, Not(HasSubstr(bad)));
  EXPECT_EQ(lines_in(text), lines_in(where_text(made_up_process({0}, 1), {})));
  EXPECT_THAT(text, HasSubstr("31m\u00e9"));
}

TEST(where_text, of_a_kernel_thread_says_so) {
  where_report r = made_up_process({0}, 0);
  r.state = process_state::kernel_thread;
  EXPECT_THAT(where_text(r, {}), HasSubstr("no memory of its own"));
  r.state = process_state::zombie;
  const std::string text = where_text(r, {});
  EXPECT_THAT(text, HasSubstr("has ended"));
  expect_to_fit(text, 80);
}

TEST(where_text, of_a_mapping_that_came_meanwhile_knows_no_size) {
  where_report r = made_up_process({0}, 1, "");
  r.binding.mappings.front().end = 0;
  EXPECT_THAT(where_text(r, {}), HasSubstr(" ?  7f0000000000-?"));
}

}  // namespace
