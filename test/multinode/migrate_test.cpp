// migrate: pages go where the new placement wants them, with their contents, and those that cannot are counted.
#include <gtest/gtest.h>
#include <unistd.h>
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/migrate.hpp>

#include <vector>

#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

/// Needs two usable nodes.
class migration_of : public testing::Test {
 protected:
  std::vector<unsigned> usable = usable_list();
  unsigned first = usable.at(0);
  unsigned second = usable.at(1);
  std::size_t page = base_page();
  std::size_t bytes = 32 * page;
  area from{placement::bind({first})};
  char* p = static_cast<char*>(from.allocate(bytes));

  ~migration_of() override { from.deallocate(p, bytes); }
};

TEST_F(migration_of, bound_pages_moves_all_and_keeps_their_contents) {
  sign_pages(p, bytes);
  const migration done = migrate(p, bytes, placement::bind({second}));
  EXPECT_EQ(done.moved, 32U) << done;
  EXPECT_EQ(done.failed(), 0U) << done;
  expect_all_on(second, p, bytes);
  EXPECT_EQ(policy_at(p), (kernel_policy{mpol::bind, {second}}));
  EXPECT_TRUE(pages_are_signed(p, bytes));
  EXPECT_TRUE(check(placement::bind({second}), p, bytes).ok());
}

TEST_F(migration_of, pages_in_place_moves_none) {
  touch(p, bytes);
  const migration done = migrate(p, bytes, placement::bind({first}));
  EXPECT_EQ(done.moved, 0U) << done;
  EXPECT_EQ(done.in_place, 32U) << done;
}

TEST_F(migration_of, partly_touched_memory_places_the_rest_later) {
  touch(p, 10 * page);
  const migration done = migrate(p, bytes, placement::bind({second}));
  EXPECT_EQ(done.moved, 10U) << done;
  EXPECT_EQ(done.untouched, 22U) << done;
  EXPECT_EQ(count_untouched(p, bytes), 22U);
  touch(p, bytes);
  expect_all_on(second, p, bytes);
}

TEST_F(migration_of, pages_on_one_node_of_the_set_interleaves_them_anew) {
  sign_pages(p, bytes);
  const placement where = placement::interleave({first, second});
  const migration done = migrate(p, bytes, where);
  EXPECT_EQ(done.moved, 16U) << done;
  EXPECT_EQ(done.in_place, 16U) << done;
  EXPECT_EQ(count_pages(p, bytes), (std::map<unsigned, std::size_t>{{first, 16}, {second, 16}}));
  EXPECT_EQ(policy_at(p), (kernel_policy{mpol::interleave, {first, second}}));
  EXPECT_TRUE(check(where, p, bytes).ok()) << check(where, p, bytes);
  EXPECT_TRUE(pages_are_signed(p, bytes));
}

TEST_F(migration_of, pages_to_blocks_is_exact) {
  sign_pages(p, bytes);
  migrate(p, bytes, placement::blocked({{second, 3}, {first, 1}}));
  expect_all_on(second, p, 24 * page);
  expect_all_on(first, p + 24 * page, 8 * page);
  EXPECT_TRUE(pages_are_signed(p, bytes));
}

TEST_F(migration_of, pages_that_a_child_maps_too_reports_them_as_shared) {
  sign_pages(p, bytes);
  const page_holder child;
  touch(p, 8 * page);  // these are this process's own copies now
  const migration done = migrate(p, bytes, placement::bind({second}));
  EXPECT_EQ(done.moved + done.shared, 32U) << done;
  // The kernel lets no one move pages of others with MPOL_MF_MOVE, whoever runs this.
  EXPECT_EQ(done.shared, 24U) << done;
  EXPECT_EQ(done.first_failed, 8 * page) << done;
  expect_all_on(second, p, 8 * page);
  expect_all_on(first, p + 8 * page, 24 * page);
  EXPECT_TRUE(pages_are_signed(p, bytes));
}

TEST_F(migration_of, transparent_huge_pages_moves_them) {
  const std::size_t huge = page_size(page_kind::transparent_huge);
  area_options options;
  options.pages = page_kind::transparent_huge;
  area a(placement::bind({first}), options);
  void* q = a.allocate(2 * huge);
  sign_pages(q, 2 * huge);
  const migration done = migrate(q, 2 * huge, placement::bind({second}));
  EXPECT_EQ(done.failed(), 0U) << done;
  expect_all_on(second, q, 2 * huge);
  EXPECT_TRUE(pages_are_signed(q, 2 * huge));
  a.deallocate(q, 2 * huge);
}

}  // namespace
}  // namespace acre::test
