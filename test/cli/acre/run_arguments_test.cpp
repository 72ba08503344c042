#include "cli/acre/run/run_arguments.hpp"

#include "cli/acre/command.hpp"
#include "cli/common/input_error.hpp"

#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace acre_cli {
namespace {

using words = std::vector<std::string>;

words marked(words arguments) {
  action chosen;
  return marked_command(*make_app(chosen), std::move(arguments));
}

TEST(arguments_of_run, are_the_commands_from_its_name_on) {
  EXPECT_EQ(marked({"run", "--bind", "0", "ls", "-l", "--bind"}),
            (words{"run", "--bind", "0", "=ls", "=-l", "=--bind"}));
  EXPECT_EQ(marked({"run", "--bind=0", "ls"}), (words{"run", "--bind=0", "=ls"}));
  EXPECT_EQ(marked({"run", "--local", "ls"}), (words{"run", "--local", "=ls"}));
  EXPECT_EQ(marked({"run", "-m", "0", "ls"}), (words{"run", "-m", "0", "=ls"}));
  EXPECT_EQ(marked({"run", "-m0", "ls"}), (words{"run", "-m0", "=ls"}));
  EXPECT_EQ(marked({"run", "-lC", "0", "ls"}), (words{"run", "-lC", "0", "=ls"}));
  EXPECT_EQ(marked({"run", "-l", "where", "x"}), (words{"run", "-l", "=where", "=x"}));
}
TEST(arguments_of_run, are_the_commands_after_two_dashes) {
  EXPECT_EQ(marked({"run", "-l", "--", "--help", "--", "[a,b]", ""}),
            (words{"run", "-l", "=--help", "=--", "=[a,b]", "="}));
  EXPECT_EQ(marked({"run", "-l", "ls", "--", "x"}), (words{"run", "-l", "=ls", "=--", "=x"}));
}
TEST(arguments_of_run, may_end_anywhere) {
  EXPECT_EQ(marked({"run"}), words{"run"});
  EXPECT_EQ(marked({"run", "--bind"}), (words{"run", "--bind"}));
  EXPECT_EQ(marked({"run", "--"}), words{"run"});
  EXPECT_EQ(marked({"run", "--unknown", "ls"}), (words{"run", "--unknown", "=ls"}));
  EXPECT_EQ(marked({}), words{});
}
TEST(arguments_of_others, stay) {
  EXPECT_EQ(marked({"where", "--", "-x"}), (words{"where", "--", "-x"}));
  EXPECT_EQ(marked({"--version", "run"}), (words{"--version", "run"}));
}
TEST(arguments_of_run, have_values_after_an_equals_sign) {
  EXPECT_THROW(marked({"run", "--bind=", "ls"}), CLI::ParseError);
  EXPECT_THROW(marked({"run", "-l", "--report="}), CLI::ParseError);
  EXPECT_EQ(marked({"run", "--placement==", "ls", "--x="}), (words{"run", "--placement==", "=ls", "=--x="}));
}
TEST(marks, that_are_missing_are_a_mistake) {
  EXPECT_THROW(unmarked_command({"=ls", "x"}), input_error);
  EXPECT_THROW(unmarked_command({""}), input_error);
}
TEST(marks, are_taken_off) { EXPECT_EQ(unmarked_command({"=ls", "==", "="}), (words{"ls", "=", ""})); }

}  // namespace
}  // namespace acre_cli
