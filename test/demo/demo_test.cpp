#include "demo/choices.hpp"
#include "demo/report.hpp"
#include "demo/trial.hpp"
#include "demo/word_index.hpp"

#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace {

using namespace demo;
using acre::test::contains;
using acre::test::lacks;
using acre::test::same;

using word_on_line = std::pair<std::string, std::size_t>;

std::vector<word_on_line> words_of(std::string_view text) {
  std::vector<word_on_line> words;
  for (const auto& [word, lines] : index_of(text, std::pmr::new_delete_resource()))
    for (const std::size_t line : lines) words.emplace_back(word, line);
  std::sort(words.begin(), words.end());
  return words;
}

BOOST_AUTO_TEST_SUITE(demo_words)

BOOST_AUTO_TEST_CASE(are_runs_of_letters_digits_and_underscores_with_their_lines) {
  const std::vector<word_on_line> expected{{"_", 3}, {"a_1", 1}, {"int", 1},
                                           {"x", 1}, {"x", 3},   {"\xc3\xa9t\xc3\xa9", 3}};
  BOOST_TEST(same(words_of("int a_1=42x;x\n\n\xc3\xa9t\xc3\xa9 _ x"), expected));
}

BOOST_AUTO_TEST_CASE(of_an_empty_text_are_none) { BOOST_TEST(words_of("").empty()); }

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(demo_index)

BOOST_AUTO_TEST_CASE(reads_the_same_wherever_it_lies_and_differently_where_a_word_does) {
  std::pmr::monotonic_buffer_resource buffer;
  const auto sum = [](std::string_view text, std::pmr::memory_resource* memory) {
    return sum_of(index_of(text, memory));
  };
  BOOST_TEST(sum("one two\nthree two", &buffer) ==
             sum("one two\nthree two", std::pmr::new_delete_resource()));
  BOOST_TEST(sum("one two\nthree two", &buffer) != sum("one two\nthree\ntwo", &buffer));
  BOOST_TEST(sum("one two\nthree two", &buffer) != sum("one two\nthree twp", &buffer));
}

BOOST_AUTO_TEST_CASE(takes_all_its_memory_from_its_resource) {
  std::vector<std::byte> room(1 << 20);
  std::pmr::monotonic_buffer_resource buffer(room.data(), room.size(), std::pmr::null_memory_resource());
  const word_index index = index_of("one two\nthree two", &buffer);
  const auto is_inside = [&](const void* p) { return p >= room.data() && p < room.data() + room.size(); };
  for (const auto& entry : index) BOOST_TEST((is_inside(&entry) && is_inside(entry.second.data())));
}

BOOST_AUTO_TEST_CASE(names_all_its_pages) {
  constexpr std::size_t page = 16;  // so small that each block has pages of its own
  const word_index index = index_of("x x x x x", std::pmr::new_delete_resource());
  const auto pages = pages_of(index, page);
  const auto page_of = [](const void* p) {
    return static_cast<const std::byte*>(p) - reinterpret_cast<std::uintptr_t>(p) % page;
  };
  const auto& lines = index.at("x");
  BOOST_TEST(pages.contains(page_of(&*index.find("x"))));
  BOOST_TEST(pages.contains(page_of(&lines.front())));
  BOOST_TEST(pages.contains(page_of(&lines[2])));
  BOOST_TEST(pages.contains(page_of(&lines.back())));
  for (const std::byte* at : pages) BOOST_TEST(at == page_of(at));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(demo_choices)

BOOST_AUTO_TEST_CASE(name_no_second_node_where_there_is_only_one) {
  const auto choices = choices_on(acre::topology::from_synthetic("numa:1 pu:1"), 0);
  BOOST_TEST(choices.size() == 3u);
  for (const choice& c : choices) BOOST_TEST((acre::node_set{0}.contains(c.where.nodes())));
}

BOOST_AUTO_TEST_CASE(use_all_nodes_of_a_large_machine) {
  const auto choices = choices_on(acre::topology::from_synthetic("numa:16 pu:1"), 3);
  BOOST_TEST(choices.size() == 8u);
  BOOST_TEST(choices[2].where == acre::placement::bind({3}));
  BOOST_TEST(choices[3].where.nodes().size() == 1u);
  for (std::size_t i = 4; i < choices.size(); ++i) BOOST_TEST(choices[i].where.nodes().size() == 16u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(demo_trial)

BOOST_AUTO_TEST_CASE(proves_every_page) {
  const std::string text = "one two\nthree two\n";
  for (const char* where : {"unbound", "bind all", "interleave all"}) {
    const outcome result = try_placement(acre::placement::parse(where), text);
    BOOST_TEST(result.refused == "");
    BOOST_TEST(result.difference == "");
    BOOST_TEST(result.pages.pages >= 2u);
    BOOST_TEST(result.pages.resident() == result.pages.pages);
    BOOST_TEST(result.sum == try_without_acre(text).sum);
  }
}

BOOST_AUTO_TEST_CASE(names_the_first_difference) {
  outcome result;
  const std::string text = "not placed";
  prove(text.data(), text.size(), acre::placement::bind({acre::topology::system().default_nodes().first()}),
        result);
  BOOST_TEST(contains(result.difference, "policy differs"));
  BOOST_TEST(!result.holds());
  const std::string first = result.difference;
  const acre::placement local = acre::placement::local();
  prove(text.data(), text.size(), local, result);
  BOOST_TEST(result.difference == first);
}

BOOST_AUTO_TEST_CASE(says_why_a_placement_cannot_be_had) {
  const outcome result = try_placement(acre::placement::bind({1023}), "text");
  BOOST_TEST(contains(result.refused, "1023"));
  BOOST_TEST(!result.holds());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(demo_report)

std::string report_of(const outcome& result) {
  std::ostringstream out;
  print(out, {acre::placement::prefer({2}), "a test"}, result);
  return out.str();
}

BOOST_AUTO_TEST_CASE(shows_each_node_with_its_share) {
  outcome result;
  result.pages.page_size = 4096;
  result.pages.pages = 400;
  result.pages.per_node = {{0, 100}, {2, 300}};
  const std::string text = report_of(result);
  BOOST_TEST(contains(text, "prefer 2: a test\n"));
  BOOST_TEST(contains(text, "  node 0        100 pages  25.0 %  ##########\n"));
  BOOST_TEST(contains(text, "  node 2        300 pages  75.0 %  ##############################\n"));
  BOOST_TEST(
      contains(text, "  holds: all 400 pages lie as asked and have this policy, by the kernel's word\n"));
}

BOOST_AUTO_TEST_CASE(shows_what_does_not_hold_and_what_is_less_than_asked) {
  outcome result;
  result.difference = "1 page lies elsewhere";
  result.downgrades.push_back({acre::downgrade_reason::smaller_pages, "no huge pages"});
  const std::string text = report_of(result);
  BOOST_TEST(contains(text, "  less than asked: no huge pages\n"));
  BOOST_TEST(contains(text, "  DOES NOT HOLD: 1 page lies elsewhere\n"));
  BOOST_TEST(lacks(text, "  holds"));
}

BOOST_AUTO_TEST_CASE(shows_why_a_placement_cannot_be_had_and_no_numbers) {
  outcome result;
  result.refused = "there is no node 2";
  BOOST_TEST(report_of(result) == "\nprefer 2: a test\n  cannot be had here: there is no node 2\n");
}

BOOST_AUTO_TEST_CASE(of_the_machine_shows_every_node) {
  const auto machine = acre::topology::from_synthetic("numa:3 pu:2");
  std::ostringstream out;
  print_machine(out, machine, 1);
  BOOST_TEST(contains(out.str(), "  node 0: dram, 2 CPUs, "));
  BOOST_TEST(contains(out.str(), "  node 1: ", " (this program's)\n  node 2: "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
