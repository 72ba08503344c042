#include "cli/acre/shm/segment_arguments.hpp"

#include "cli/acre/command.hpp"

#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace acre_cli {
namespace {

using words = std::vector<std::string>;

words marked(words arguments) {
  action chosen;
  return marked_segments(*make_app(chosen), std::move(arguments));
}

TEST(arguments_of_shm, are_marked_where_they_are_names_or_placements) {
  EXPECT_EQ(marked({"shm", "remove", "[a,b]", "++"}), (words{"shm", "remove", "=[a,b]", "=++"}));
  EXPECT_EQ(marked({"shm", "create", "a", "--mode", "0600", "1M", "--eager", "bind", "0"}),
            (words{"shm", "create", "=a", "--mode", "0600", "=1M", "--eager", "=bind", "=0"}));
  EXPECT_EQ(marked({"shm", "show", "--backend=posix", "a"}), (words{"shm", "show", "--backend=posix", "=a"}));
  EXPECT_EQ(marked({"shm", "remove", "--", "--help", "--", "-5"}),
            (words{"shm", "remove", "--", "=--help", "=--", "=-5"}));
}
TEST(arguments_of_shm, stay_where_there_is_no_place_for_them) {
  EXPECT_EQ(marked({"shm", "show", "a", "b"}), (words{"shm", "show", "=a", "b"}));
  EXPECT_EQ(marked({"shm", "list", "a"}), (words{"shm", "list", "a"}));
  EXPECT_EQ(marked({"shm", "absent", "a"}), (words{"shm", "absent", "a"}));
  EXPECT_EQ(marked({"shm", "--help"}), (words{"shm", "--help"}));
  EXPECT_EQ(marked({"where", "[a,b]"}), (words{"where", "[a,b]"}));
  EXPECT_EQ(marked({"shm"}), words{"shm"});
}
TEST(marks_of_segments, are_taken_off) {
  EXPECT_EQ(unmarked_segment("==a"), "=a");
  EXPECT_EQ(unmarked_segment("="), "");
  EXPECT_EQ(unmarked_segment("-5"), "-5");
}

}  // namespace
}  // namespace acre_cli
