// Which arguments of acre are words, and that the commands get them as they were typed.
#include "cli/acre/typed_words.hpp"

#include "cli/acre/command.hpp"

#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace acre_cli {
namespace {

using words = std::vector<std::string>;

words marked(words arguments) {
  action chosen;
  return marked_words(*make_app(chosen), std::move(arguments));
}

TEST(words_of_run, are_its_commands_from_the_name_on) {
  EXPECT_EQ(marked({"run", "--bind", "0", "ls", "-l", "--bind"}),
            (words{"run", "--bind", "0", "=ls", "=-l", "=--bind"}));
  EXPECT_EQ(marked({"run", "--bind=0", "ls"}), (words{"run", "--bind=0", "=ls"}));
  EXPECT_EQ(marked({"run", "--local", "ls"}), (words{"run", "--local", "=ls"}));
  EXPECT_EQ(marked({"run", "-m", "0", "ls"}), (words{"run", "-m", "0", "=ls"}));
  EXPECT_EQ(marked({"run", "-m0", "ls"}), (words{"run", "-m0", "=ls"}));
  EXPECT_EQ(marked({"run", "-lC", "0", "ls"}), (words{"run", "-lC", "0", "=ls"}));
  EXPECT_EQ(marked({"run", "-l", "where", "x"}), (words{"run", "-l", "=where", "=x"}));
  EXPECT_EQ(marked({"run", "-l", "---x", "--x="}), (words{"run", "-l", "=---x", "=--x="}));
}
TEST(words_of_run, are_its_commands_after_two_dashes) {
  EXPECT_EQ(marked({"run", "-l", "--", "--help", "--", "[a,b]", ""}),
            (words{"run", "-l", "--", "=--help", "=--", "=[a,b]", "="}));
  EXPECT_EQ(marked({"run", "-l", "ls", "--", "x"}), (words{"run", "-l", "=ls", "=--", "=x"}));
}
TEST(words_of_run, may_be_missing) {
  EXPECT_EQ(marked({"run"}), words{"run"});
  EXPECT_EQ(marked({"run", "--bind"}), (words{"run", "--bind"}));
  EXPECT_EQ(marked({"run", "--"}), (words{"run", "--"}));
  EXPECT_EQ(marked({"run", "--unknown", "ls"}), (words{"run", "--unknown", "=ls"}));
  EXPECT_EQ(marked({}), words{});
}
TEST(words_of_shm, are_names_sizes_and_placements) {
  EXPECT_EQ(marked({"shm", "remove", "[a,b]", "++", "{}"}), (words{"shm", "remove", "=[a,b]", "=++", "={}"}));
  EXPECT_EQ(marked({"shm", "create", "a", "--mode", "0600", "1M", "--eager", "bind", "0"}),
            (words{"shm", "create", "=a", "--mode", "0600", "=1M", "--eager", "=bind", "=0"}));
  EXPECT_EQ(marked({"shm", "show", "--backend=posix", "a"}), (words{"shm", "show", "--backend=posix", "=a"}));
  EXPECT_EQ(marked({"shm", "remove", "--", "--help", "--", "-5"}),
            (words{"shm", "remove", "--", "=--help", "=--", "=-5"}));
  EXPECT_EQ(marked({"shm", "remove", "-", "-5", "---x"}), (words{"shm", "remove", "=-", "=-5", "=---x"}));
}
TEST(words_of_where, may_be_named_like_commands) {
  EXPECT_EQ(marked({"where", "--top", "run", "run"}), (words{"where", "--top", "run", "=run"}));
  EXPECT_EQ(marked({"where", "--", "-x"}), (words{"where", "--", "=-x"}));
  EXPECT_EQ(marked({"move", "shm", "0", "1"}), (words{"move", "=shm", "=0", "=1"}));
}
TEST(words, stay_where_there_is_no_place_for_them) {
  EXPECT_EQ(marked({"shm", "show", "a", "b"}), (words{"shm", "show", "=a", "b"}));
  EXPECT_EQ(marked({"shm", "list", "a"}), (words{"shm", "list", "a"}));
  EXPECT_EQ(marked({"shm", "absent", "a"}), (words{"shm", "absent", "a"}));
  EXPECT_EQ(marked({"shm", "--help"}), (words{"shm", "--help"}));
  EXPECT_EQ(marked({"shm"}), words{"shm"});
  EXPECT_EQ(marked({"", "nodes"}), (words{"", "nodes"}));
  EXPECT_EQ(marked({"nodes", "where", "a"}), (words{"nodes", "where", "a"}));
}
TEST(options, have_values_after_an_equals_sign) {
  EXPECT_THROW(marked({"run", "--bind=", "ls"}), CLI::ParseError);
  EXPECT_THROW(marked({"run", "-l", "--report="}), CLI::ParseError);
  EXPECT_THROW(marked({"shm", "show", "a", "--id="}), CLI::ParseError);
  EXPECT_THROW(marked({"--version="}), CLI::ParseError);
  EXPECT_EQ(marked({"run", "--placement==", "ls", "--x="}), (words{"run", "--placement==", "=ls", "=--x="}));
  EXPECT_EQ(marked({"shm", "remove", "--", "--x="}), (words{"shm", "remove", "--", "=--x="}));
}

TEST(marks, are_taken_off) {
  EXPECT_EQ(unmarked("==a"), "=a");
  EXPECT_EQ(unmarked("="), "");
}

/// A command with one place, and one with many, as CLI11 fills them.
struct filled {
  std::optional<typed_word> first;
  std::vector<typed_word> others;
};
filled parsed(words arguments) {
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

TEST(words, arrive_as_they_were_typed) {
  const words all{"[a,b]", "{}", "", "++", "do", "-5", "%%", "a,b", "=", "\"a b\"", "-"};
  for (const std::string& word : all) {
    const filled found = parsed({"do", word});
    ASSERT_TRUE(found.first) << word;
    EXPECT_EQ(found.first->text, word);
  }
  words typed{"do", "--", "--first"};
  typed.insert(typed.end(), all.begin(), all.end());
  const filled found = parsed(typed);
  EXPECT_EQ(found.first->text, "--first");
  words arrived;
  for (const typed_word& word : found.others) arrived.push_back(word.text);
  EXPECT_EQ(arrived, all);
  EXPECT_FALSE(parsed({"do"}).first);
}

}  // namespace
}  // namespace acre_cli
