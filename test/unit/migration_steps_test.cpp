// Which node's pages go where, and in what order: what migrate_pages(2) does in one call.
#include <gtest/gtest.h>

#include <ostream>
#include <vector>

#include "observe/migration_steps.hpp"

namespace acre {

static std::ostream& operator<<(std::ostream& out, const migration_step& s) {
  return out << s.from << "->" << s.to;
}

namespace {

using steps = std::vector<migration_step>;

TEST(migration_steps, lead_from_the_nth_to_the_nth_node) {
  EXPECT_EQ(migration_steps({0}, {1}), (steps{{0, 1}}));
  EXPECT_EQ(migration_steps({0, 1}, {2, 3}), (steps{{0, 2}, {1, 3}}));
  EXPECT_EQ(migration_steps({1, 5}, {0, 1023}), (steps{{1, 0}, {5, 1023}}));
}

TEST(migration_steps, go_round_where_there_are_fewer_targets) {
  EXPECT_EQ(migration_steps({0, 1, 2}, {4, 5}), (steps{{0, 4}, {1, 5}, {2, 4}}));
  EXPECT_EQ(migration_steps({0}, {4, 5}), (steps{{0, 4}}));
}

TEST(migration_steps, leave_alone_what_stays) {
  EXPECT_EQ(migration_steps({0, 1}, {0, 1}), steps{});
  EXPECT_EQ(migration_steps({0, 2}, {0, 1}), (steps{{2, 1}}));
  EXPECT_EQ(migration_steps({0, 1, 2}, {0, 1}), (steps{{2, 0}}));
  EXPECT_EQ(migration_steps({1}, {0, 1}), steps{});
  EXPECT_EQ(migration_steps({}, {1}), steps{});
}

TEST(migration_steps, clear_a_node_before_it_is_filled) {
  EXPECT_EQ(migration_steps({0, 1}, {1, 2}), (steps{{1, 2}, {0, 1}}));
  EXPECT_EQ(migration_steps({1, 2}, {0, 1}), (steps{{1, 0}, {2, 1}}));
  EXPECT_EQ(migration_steps({0, 1, 2}, {1, 2, 3}), (steps{{2, 3}, {1, 2}, {0, 1}}));
}

}  // namespace
}  // namespace acre
