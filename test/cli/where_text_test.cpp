#include "cli/where/where_views.hpp"
#include "made_up_process.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "cli/fits.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace {

using namespace acre_cli;
using acre::test::begins;
using acre::test::contains;
using acre::test::fits;
using acre::test::lacks;

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

BOOST_AUTO_TEST_SUITE(where_text_on, *acre::test::named_cases(made_up_machines))

BOOST_DATA_TEST_CASE(any_machine_fits_the_terminal, made_up_machines, m) {
  for (const std::size_t mappings : {0U, 1U, 100U}) {
    for (const std::size_t width : {60U, 61U, 79U, 80U, 81U, 120U, 200U}) {
      for (const bool unicode : {false, true}) {
        where_text_options options;
        options.columns = width;
        options.style.unicode = unicode;
        BOOST_TEST_INFO(mappings << " mappings" << (unicode ? ", unicode" : ""));
        BOOST_TEST(fits(where_text(made_up_process(m.nodes, mappings), options), width));
      }
    }
  }
}

BOOST_DATA_TEST_CASE(any_machine_fits_a_low_terminal, made_up_machines, m) {
  for (std::size_t lines = 1; lines < 60; ++lines) {
    where_text_options options;
    options.lines = lines;
    const std::string text = where_text(made_up_process(m.nodes, 100), options);
    BOOST_TEST_CONTEXT(lines << " lines") {
      BOOST_TEST_INFO(text);
      BOOST_TEST(lines_in(text) <= lines);
      BOOST_TEST(text.back() == '\n');
      if (lines >= 24) {
        BOOST_TEST(contains(text, "more mappings"));
      }
      BOOST_TEST(fits(text, 80));
    }
  }
}

BOOST_DATA_TEST_CASE(any_machine_is_plain_where_colours_are_off, made_up_machines, m) {
  BOOST_TEST(lacks(where_text(made_up_process(m.nodes, 30), {}), "\033"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(where_text)
using acre_cli::where_text;

BOOST_AUTO_TEST_CASE(begins_with_the_process_its_nodes_and_its_policy) {
  const std::string text = where_text(made_up_process({0, 2}, 1), {});
  BOOST_TEST(begins(text,
                    "process 4242: made-up --with arguments\n"
                    "allowed nodes 0,2, thread policy unbound; "));
  BOOST_TEST(contains(text, "in 1 mapping\n"));
}

BOOST_AUTO_TEST_CASE(begins_with_the_time_where_it_is_asked_for) {
  where_text_options options;
  options.columns = 10;
  options.time = true;
  BOOST_TEST(begins(where_text(made_up_process({0}, 1), options), "2023-11-1"));  // as it fits
}

BOOST_AUTO_TEST_CASE(shows_the_largest_first_and_sums_up_the_others) {
  where_report r = made_up_process({0, 1}, 5);
  where_text_options options;
  options.top = 2;
  const std::string text = where_text(r, options);
  const acre::process_mapping rest = sum_of(std::span(r.binding.mappings).subspan(2));
  BOOST_TEST(contains(text, "in 3 more mappings\n"));
  BOOST_TEST(r.binding.mappings[0].pages() >= r.binding.mappings[1].pages());
  BOOST_TEST(r.binding.mappings[1].pages() >= r.binding.mappings[2].pages());
  BOOST_TEST(rest.pages() + r.binding.mappings[0].pages() + r.binding.mappings[1].pages() ==
             r.binding.pages());
  options.top = 0;
  BOOST_TEST(lacks(where_text(r, options), "more mapping"));
}

BOOST_AUTO_TEST_CASE(names_mappings_policies_and_huge_pages) {
  const std::string text = where_text(made_up_process({0, 1}, 5, "/dev/shm/index (deleted)"), {});
  BOOST_TEST(contains(text, "/dev/shm/index (deleted)"));
  BOOST_TEST(contains(text, "[anon:part 4]"));
  BOOST_TEST(contains(text, "libexample.so.1"));
  BOOST_TEST(contains(text, "interleave=static"));
  BOOST_TEST(contains(text, "2 MiB hugetlb"));
  BOOST_TEST(contains(text, "7f0020000000-7f0024000000"));  // the one without a name
  BOOST_TEST(contains(text, "all on node 1"));
}

BOOST_AUTO_TEST_CASE(has_the_policy_beside_the_mapping) {
  where_report r = made_up_process({0, 1}, 2);
  r.binding.mappings[0].policy = acre::policy{acre::policy_mode::bind, {0, 1}};
  r.binding.mappings[0].kernel_policy = "bind:0-1";
  r.binding.mappings[0].name = "[heap]";
  r.binding.mappings[1].policy = acre::policy{};
  r.binding.mappings[1].kernel_policy = "default";
  for (const std::size_t columns : {72U, 80U, 200U}) {
    where_text_options options;
    options.columns = columns;
    const std::string text = where_text(r, options);
    BOOST_TEST(contains(text, " MiB  bind 0-1  [heap]\n"));
    BOOST_TEST(contains(text, " MiB  unbound   made up\n"));
  }
  where_text_options options;
  options.columns = 40;
  const std::string text = where_text(r, options);
  BOOST_TEST(contains(text, " MiB  [heap]\n           of 64 MiB, bind 0-1\n  "));
}

BOOST_AUTO_TEST_CASE(has_acres_words_for_policies_where_there_are_any) {
  acre::process_mapping m;
  m.policy = acre::policy{acre::policy_mode::prefer, {1}};
  m.kernel_policy = "prefer (many):1";
  BOOST_TEST(policy_words(m) == "prefer 1");
  m.kernel_policy = "prefer=relative:1";  // the second node of those that are allowed
  BOOST_TEST(policy_words(m) == "prefer=relative:1");
  m.policy.reset();
  m.kernel_policy = "new mode:1";
  BOOST_TEST(policy_words(m) == "new mode:1");
}

BOOST_AUTO_TEST_CASE(is_whole_where_nobody_cuts) {
  const std::string name = "/srv/" + std::string(300, 'x') + "/file";
  where_report r = made_up_process({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 3, name);
  r.command = "program " + std::string(300, 'y') + " end";
  where_text_options options;
  BOOST_TEST(lacks(where_text(r, options), name));
  options.cut = false;
  const std::string text = where_text(r, options);
  BOOST_TEST(contains(text, name));
  BOOST_TEST(contains(text, r.command));
  BOOST_TEST(contains(text, "interleave=static:0,2,4,6,8,10,12,14"));
  for (const char* const node : {", 1 ", ", 5 ", ", 9 "}) BOOST_TEST(contains(text, node));
}

BOOST_AUTO_TEST_CASE(tells_transparent_huge_pages) {
  where_report r = made_up_process({0, 1}, 3);
  const auto bytes = [&](std::size_t i) { return r.binding.mappings[i].pages() * r.binding.page_size; };
  r.smaps[r.binding.mappings[0].begin].transparent_huge = bytes(0) + 4096;
  r.smaps[r.binding.mappings[1].begin].transparent_huge = bytes(1) / 2;
  where_text_options options;
  for (options.columns = 60; options.columns < 100; ++options.columns) {
    const std::string text = where_text(r, options);
    BOOST_TEST(fits(text, options.columns));
    BOOST_TEST(contains(text, " all huge "));
    BOOST_TEST(contains(text, " 50% huge "));
    BOOST_TEST(contains(text, " 4 KiB pages "));
  }
  BOOST_TEST(contains(where_text(r, {}), ", 22 MiB\nof it in transparent huge pages\n"));
  r.smaps[r.binding.mappings[0].begin].transparent_huge = 4096;
  BOOST_TEST(contains(where_text(r, {}), " 1% huge "));
}

BOOST_AUTO_TEST_CASE(lists_the_nodes_without_pages_too) {
  where_report r = make_report(
      [] {
        acre::process_binding b = made_up_process({0}, 1).binding;
        b.allowed_nodes = {0, 1, 2};
        return b;
      }(),
      {0, 2, 3});
  const std::string text = where_text(r, {});
  BOOST_TEST(contains(text, "  node 0 "));
  BOOST_TEST(contains(text, "  node 2 "));
  BOOST_TEST(lacks(text, "  node 1 "));  // without memory
  BOOST_TEST(lacks(text, "  node 3 "));  // not allowed
}

BOOST_AUTO_TEST_CASE(of_hostile_names_stays_on_its_lines) {
  where_report r = made_up_process({0}, 1, hostile_name);
  r.command = hostile_name;
  const std::string text = where_text(r, {});
  for (const char* bad : {"\033", "\r", "\t", "\xff", "\u202e", "\u009b"}) BOOST_TEST(lacks(text, bad));
  BOOST_TEST(lines_in(text) == lines_in(where_text(made_up_process({0}, 1), {})));
  BOOST_TEST(contains(text, "31m\u00e9"));
}

BOOST_AUTO_TEST_CASE(of_a_kernel_thread_says_so) {
  where_report r = made_up_process({0}, 0);
  r.state = process_state::kernel_thread;
  BOOST_TEST(contains(where_text(r, {}), "no memory of its own"));
  r.state = process_state::zombie;
  const std::string text = where_text(r, {});
  BOOST_TEST(contains(text, "has ended"));
  BOOST_TEST(fits(text, 80));
}

BOOST_AUTO_TEST_CASE(of_a_mapping_that_came_meanwhile_knows_no_size) {
  where_report r = made_up_process({0}, 1, "");
  r.binding.mappings.front().end = 0;
  BOOST_TEST(contains(where_text(r, {}), " ?  unbound  7f0000000000-?\n"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
