// Which arguments of acre are words, and that the commands get them as they were typed.
#include "cli/acre/typed_words.hpp"
#include "cli/acre/command.hpp"

#include <CLI/CLI.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre_cli {

static std::ostream& boost_test_print_type(std::ostream& out, const typed_word& word) {
  return out << word.text;
}

namespace {

using acre::test::same;
using word_list = std::vector<std::string>;

word_list marked(word_list arguments) {
  action chosen;
  return marked_words(*make_app(chosen), std::move(arguments));
}

BOOST_AUTO_TEST_SUITE(words_of_run)

BOOST_AUTO_TEST_CASE(are_its_commands_from_the_name_on) {
  BOOST_TEST(same(marked({"run", "--bind", "0", "ls", "-l", "--bind"}),
                  word_list{"run", "--bind", "0", "=ls", "=-l", "=--bind"}));
  BOOST_TEST(same(marked({"run", "--bind=0", "ls"}), word_list{"run", "--bind=0", "=ls"}));
  BOOST_TEST(same(marked({"run", "--local", "ls"}), word_list{"run", "--local", "=ls"}));
  BOOST_TEST(same(marked({"run", "-m", "0", "ls"}), word_list{"run", "-m", "0", "=ls"}));
  BOOST_TEST(same(marked({"run", "-m0", "ls"}), word_list{"run", "-m0", "=ls"}));
  BOOST_TEST(same(marked({"run", "-lC", "0", "ls"}), word_list{"run", "-lC", "0", "=ls"}));
  BOOST_TEST(same(marked({"run", "-l", "where", "x"}), word_list{"run", "-l", "=where", "=x"}));
  BOOST_TEST(same(marked({"run", "-l", "---x", "--x="}), word_list{"run", "-l", "=---x", "=--x="}));
}
BOOST_AUTO_TEST_CASE(are_its_commands_after_two_dashes) {
  BOOST_TEST(same(marked({"run", "-l", "--", "--help", "--", "[a,b]", ""}),
                  word_list{"run", "-l", "--", "=--help", "=--", "=[a,b]", "="}));
  BOOST_TEST(same(marked({"run", "-l", "ls", "--", "x"}), word_list{"run", "-l", "=ls", "=--", "=x"}));
}
BOOST_AUTO_TEST_CASE(may_be_missing) {
  BOOST_TEST(same(marked({"run"}), word_list{"run"}));
  BOOST_TEST(same(marked({"run", "--bind"}), word_list{"run", "--bind"}));
  BOOST_TEST(same(marked({"run", "--"}), word_list{"run", "--"}));
  BOOST_TEST(same(marked({"run", "--unknown", "ls"}), word_list{"run", "--unknown", "=ls"}));
  BOOST_TEST(same(marked({}), word_list{}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(words_of_shm)

BOOST_AUTO_TEST_CASE(are_names_sizes_and_placements) {
  BOOST_TEST(same(marked({"shm", "remove", "[a,b]", "++", "{}"}),
                  word_list{"shm", "remove", "=[a,b]", "=++", "={}"}));
  BOOST_TEST(same(marked({"shm", "create", "a", "--mode", "0600", "1M", "--eager", "bind", "0"}),
                  word_list{"shm", "create", "=a", "--mode", "0600", "=1M", "--eager", "=bind", "=0"}));
  BOOST_TEST(same(marked({"shm", "show", "--backend=posix", "a"}),
                  word_list{"shm", "show", "--backend=posix", "=a"}));
  BOOST_TEST(same(marked({"shm", "remove", "--", "--help", "--", "-5"}),
                  word_list{"shm", "remove", "--", "=--help", "=--", "=-5"}));
  BOOST_TEST(
      same(marked({"shm", "remove", "-", "-5", "---x"}), word_list{"shm", "remove", "=-", "=-5", "=---x"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(words_of_where)

BOOST_AUTO_TEST_CASE(may_be_named_like_commands) {
  BOOST_TEST(same(marked({"where", "--top", "run", "run"}), word_list{"where", "--top", "run", "=run"}));
  BOOST_TEST(same(marked({"where", "--", "-x"}), word_list{"where", "--", "=-x"}));
  BOOST_TEST(same(marked({"move", "shm", "0", "1"}), word_list{"move", "=shm", "=0", "=1"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(words)

BOOST_AUTO_TEST_CASE(stay_where_there_is_no_place_for_them) {
  BOOST_TEST(same(marked({"shm", "show", "a", "b"}), word_list{"shm", "show", "=a", "b"}));
  BOOST_TEST(same(marked({"shm", "list", "a"}), word_list{"shm", "list", "a"}));
  BOOST_TEST(same(marked({"shm", "absent", "a"}), word_list{"shm", "absent", "a"}));
  BOOST_TEST(same(marked({"shm", "--help"}), word_list{"shm", "--help"}));
  BOOST_TEST(same(marked({"shm"}), word_list{"shm"}));
  BOOST_TEST(same(marked({"", "nodes"}), word_list{"", "nodes"}));
  BOOST_TEST(same(marked({"nodes", "where", "a"}), word_list{"nodes", "where", "a"}));
}

/// A command with one place, and one with many, as CLI11 fills them.
struct filled {
  std::optional<typed_word> first;
  std::vector<typed_word> others;
};
filled parsed(word_list arguments) {
  CLI::App app;
  filled found;
  CLI::App& command = *app.add_subcommand("do", "");
  command.add_option("FIRST", found.first);
  command.add_option("OTHERS", found.others);
  arguments = marked_words(app, std::move(arguments));
  std::ranges::reverse(arguments);
  app.parse(std::move(arguments));
  return found;
}

BOOST_AUTO_TEST_CASE(arrive_as_they_were_typed) {
  const word_list all{"[a,b]", "{}", "", "++", "do", "-5", "%%", "a,b", "=", "\"a b\"", "-"};
  for (const std::string& word : all) {
    const filled found = parsed({"do", word});
    BOOST_TEST_CONTEXT("'" << word << "'") {
      BOOST_TEST_REQUIRE(found.first);
      BOOST_TEST(found.first->text == word);
    }
  }
  word_list typed{"do", "--", "--first"};
  typed.insert(typed.end(), all.begin(), all.end());
  const filled found = parsed(typed);
  BOOST_TEST(found.first->text == "--first");
  word_list arrived;
  for (const typed_word& word : found.others) arrived.push_back(word.text);
  BOOST_TEST(same(arrived, all));
  BOOST_TEST(parsed({"do"}).first == std::nullopt);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(have_values_after_an_equals_sign) {
  BOOST_CHECK_THROW(marked({"run", "--bind=", "ls"}), CLI::ParseError);
  BOOST_CHECK_THROW(marked({"run", "-l", "--report="}), CLI::ParseError);
  BOOST_CHECK_THROW(marked({"shm", "show", "a", "--id="}), CLI::ParseError);
  BOOST_CHECK_THROW(marked({"--version="}), CLI::ParseError);
  BOOST_TEST(same(marked({"run", "--placement==", "ls", "--x="}),
                  word_list{"run", "--placement==", "=ls", "=--x="}));
  BOOST_TEST(same(marked({"shm", "remove", "--", "--x="}), word_list{"shm", "remove", "--", "=--x="}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(marks)

BOOST_AUTO_TEST_CASE(are_taken_off) {
  BOOST_TEST(unmarked("==a") == "=a");
  BOOST_TEST(unmarked("=") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
