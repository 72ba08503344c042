#include "cli/demo/arena.hpp"
#include "cli/demo/bars.hpp"
#include "cli/demo/html_report.hpp"
#include "cli/demo/machine.hpp"
#include "cli/demo/trial_list.hpp"
#include "cli/demo/word_index.hpp"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace acre_demo;
using testing::ElementsAre;
using testing::Pair;

TEST(words, are_runs_of_letters_digits_and_underscores_with_their_lines) {
  std::vector<std::pair<std::string, unsigned>> found;
  for_each_word("int a_1=42x;\n\n\xc3\xa9t\xc3\xa9 _",
                [&](auto word, auto line) { found.emplace_back(word, line); });
  EXPECT_THAT(found, ElementsAre(Pair("int", 1), Pair("a_1", 1), Pair("\xc3\xa9t\xc3\xa9", 3), Pair("_", 3)));
}

TEST(words, of_an_empty_text_are_none) {
  for_each_word("", [](auto, auto) { FAIL(); });
}

TEST(index, knows_every_position_and_reads_the_same_wherever_it_lies) {
  const std::vector<text_file> files{{"a", "x y\nx"}, {"b", "x"}};
  recording_resource memory(*std::pmr::new_delete_resource());
  {
    const word_index index = build_index(files, &memory);
    EXPECT_THAT(index.find("x")->second, ElementsAre(position{0, 1}, position{0, 2}, position{1, 1}));
    EXPECT_EQ(count_positions(index), 4u);
    EXPECT_FALSE(memory.blocks().empty());
    EXPECT_EQ(scan_index(index), scan_index(build_index(files, std::pmr::new_delete_resource())));
  }
  EXPECT_TRUE(memory.blocks().empty());
  EXPECT_GT(memory.peak(), 0u);
}

TEST(bar, of_the_fullest_node_is_full_and_small_parts_stay_visible) {
  trial_result t;
  t.shares = {{0, 1, 999}, {1, 0, 500}, {2, 1, 0}};
  EXPECT_EQ(text_bar(t, t.shares[0], 10, false), "#=========");
  EXPECT_EQ(text_bar(t, t.shares[1], 10, false), "=====     ");
  EXPECT_EQ(text_bar(t, t.shares[2], 10, false), "#         ");
  EXPECT_EQ(text_bar(t, {3, 0, 0}, 4, false), "    ");
  EXPECT_EQ(columns(text_bar(t, t.shares[1], 10, true)), 10u);
}

TEST(wrapping, breaks_at_spaces_and_cuts_what_is_longer_than_a_line) {
  EXPECT_EQ(wrap("aa bb cc", 7, 2), "  aa bb\n  cc\n");
  EXPECT_EQ(wrap("abcdef", 4, 1), " abc\n def\n");
  EXPECT_EQ(wrap("", 4, 1), "");
}

TEST(escaping, leaves_no_markup) {
  EXPECT_EQ(escape_html("<a b=\"c\">&'"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
}

TEST(formats, are_for_people) {
  EXPECT_EQ(format_seconds(1.5), "1.50 s");
  EXPECT_EQ(format_seconds(0.4123), "412 ms");
  EXPECT_EQ(format_count(1234567), "1 234 567");
  EXPECT_EQ(format_cpus({0, 1, 2, 8}), "0-2,8");
  EXPECT_EQ(format_cpus({}), "");
}

TEST(trials, name_no_nodes_where_there_is_only_one) {
  EXPECT_EQ(trials_for(acre::topology::from_synthetic("numa:1 pu:1"), 0).size(), 2u);
}

TEST(trials, bind_to_few_nodes_of_a_large_machine) {
  const auto trials = trials_for(acre::topology::from_synthetic("numa:16 pu:1"), 0);
  EXPECT_EQ(trials.size(), 2u + 3u + 5u);
}

}  // namespace
