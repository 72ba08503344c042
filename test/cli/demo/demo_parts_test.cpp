#include "cli/demo/arena.hpp"
#include "cli/demo/bars.hpp"
#include "cli/demo/html_report.hpp"
#include "cli/demo/machine.hpp"
#include "cli/demo/trial_list.hpp"
#include "cli/demo/word_index.hpp"

#include <boost/test/unit_test.hpp>

#include <memory_resource>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre_demo {

static std::ostream& boost_test_print_type(std::ostream& out, const position& p) {
  return out << "file " << p.file << " line " << p.line;
}

}  // namespace acre_demo

namespace {

using namespace acre_demo;
using acre::test::same;

BOOST_AUTO_TEST_SUITE(words)

/// A word and its line.
using word_at = std::pair<std::string, unsigned>;

BOOST_AUTO_TEST_CASE(are_runs_of_letters_digits_and_underscores_with_their_lines) {
  std::vector<word_at> found;
  for_each_word("int a_1=42x;\n\n\xc3\xa9t\xc3\xa9 _",
                [&](auto word, auto line) { found.emplace_back(word, line); });
  const std::vector<word_at> expected{{"int", 1}, {"a_1", 1}, {"\xc3\xa9t\xc3\xa9", 3}, {"_", 3}};
  BOOST_TEST(same(found, expected));
}

BOOST_AUTO_TEST_CASE(of_an_empty_text_are_none) {
  unsigned found = 0;
  for_each_word("", [&](auto, auto) { ++found; });
  BOOST_TEST(found == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(index)

BOOST_AUTO_TEST_CASE(knows_every_position_and_reads_the_same_wherever_it_lies) {
  const std::vector<text_file> files{{"a", "x y\nx"}, {"b", "x"}};
  recording_resource memory(*std::pmr::new_delete_resource());
  {
    const word_index index = build_index(files, &memory);
    const std::pmr::vector<position> expected{{0, 1}, {0, 2}, {1, 1}};
    BOOST_TEST(same(index.find("x")->second, expected));
    BOOST_TEST(count_positions(index) == 4u);
    BOOST_TEST(!memory.blocks().empty());
    BOOST_TEST(scan_index(index) == scan_index(build_index(files, std::pmr::new_delete_resource())));
  }
  BOOST_TEST(memory.blocks().empty());
  BOOST_TEST(memory.peak() > 0u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bar)

BOOST_AUTO_TEST_CASE(of_the_fullest_node_is_full_and_small_parts_stay_visible) {
  trial_result t;
  t.shares = {{0, 1, 999}, {1, 0, 500}, {2, 1, 0}};
  BOOST_TEST(text_bar(t, t.shares[0], 10, false) == "#=========");
  BOOST_TEST(text_bar(t, t.shares[1], 10, false) == "=====     ");
  BOOST_TEST(text_bar(t, t.shares[2], 10, false) == "#         ");
  BOOST_TEST(text_bar(t, {3, 0, 0}, 4, false) == "    ");
  BOOST_TEST(columns(text_bar(t, t.shares[1], 10, true)) == 10u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(wrapping)

BOOST_AUTO_TEST_CASE(breaks_at_spaces_and_cuts_what_is_longer_than_a_line) {
  BOOST_TEST(wrap("aa bb cc", 7, 2) == "  aa bb\n  cc\n");
  BOOST_TEST(wrap("abcdef", 4, 1) == " abc\n def\n");
  BOOST_TEST(wrap("", 4, 1) == "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(escaping)

BOOST_AUTO_TEST_CASE(leaves_no_markup) {
  BOOST_TEST(escape_html("<a b=\"c\">&'") == "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(formats)

BOOST_AUTO_TEST_CASE(are_for_people) {
  BOOST_TEST(format_seconds(1.5) == "1.50 s");
  BOOST_TEST(format_seconds(0.4123) == "412 ms");
  BOOST_TEST(format_count(1234567) == "1 234 567");
  BOOST_TEST(format_cpus({0, 1, 2, 8}) == "0-2,8");
  BOOST_TEST(format_cpus({}) == "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(trials)

BOOST_AUTO_TEST_CASE(name_no_nodes_where_there_is_only_one) {
  BOOST_TEST(trials_for(acre::topology::from_synthetic("numa:1 pu:1"), 0).size() == 2u);
}

BOOST_AUTO_TEST_CASE(bind_to_few_nodes_of_a_large_machine) {
  const auto trials = trials_for(acre::topology::from_synthetic("numa:16 pu:1"), 0);
  BOOST_TEST(trials.size() == 2u + 3u + 5u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
