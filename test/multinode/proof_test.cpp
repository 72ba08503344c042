// What locate and check say, against what the kernel says.
#include <gtest/gtest.h>
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/locate.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

/// Needs two usable nodes.
class proof : public testing::Test {
 protected:
  std::vector<unsigned> usable = usable_list();
  unsigned first = usable.at(0);
  unsigned second = usable.at(1);
  std::size_t page = base_page();
  std::size_t bytes = 16 * page;
};

using looking = proof;

TEST_F(looking, touches_no_page) {
  area a(placement::bind({second}));
  void* p = a.allocate(bytes);
  EXPECT_EQ(locate(p, bytes).untouched, 16U);
  EXPECT_TRUE(a.check_block(p, bytes).ok());
  EXPECT_EQ(locate_pages(p, bytes), std::vector<int>(16, -1));
  EXPECT_EQ(installed_policy(p).to_string(), "bind " + std::to_string(second));
  EXPECT_EQ(count_untouched(p, bytes), 16U);
  a.deallocate(p, bytes);
}

TEST_F(looking, takes_the_zero_page_for_no_node) {
  area a(placement::bind({second}));
  void* p = a.allocate(bytes);
  for (std::size_t at = 0; at < bytes; at += page) {
    EXPECT_EQ(static_cast<volatile char*>(p)[at], 0);
  }
  const residency where = locate(p, bytes);
  EXPECT_EQ(where.untouched, 16U) << where;
  EXPECT_TRUE(where.per_node.empty()) << where;
  EXPECT_TRUE(a.check_block(p, bytes).ok());
  a.deallocate(p, bytes);
}

TEST_F(looking, finds_pages_that_the_kernel_is_moving) {
  area a(placement::prefer({first}));
  void* p = a.allocate(bytes);
  touch(p, bytes);
  std::atomic<bool> moved = false;
  std::thread mover([&] {
    const pinned there(one_cpu_per_node().back());
    std::vector<void*> pages;
    for (std::size_t at = 0; at < bytes; at += page) pages.push_back(static_cast<char*>(p) + at);
    for (int move = 0; move < 40; ++move) {
      const std::vector<int> to(pages.size(), static_cast<int>(move % 2 == 0 ? second : first));
      std::vector<int> status(pages.size());
      EXPECT_GE(syscall(SYS_move_pages, 0, pages.size(), pages.data(), to.data(), status.data(), 2), 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    moved = true;
  });
  {
    const pinned here(one_cpu_per_node().front());
    std::size_t untouched = 0;
    std::size_t looks = 0;
    for (; !moved; ++looks) untouched += locate(p, bytes).untouched != 0 ? 1 : 0;
    // On a loaded host the mover may lose its CPU in the middle of a move, for longer than anybody waits.
    EXPECT_LE(untouched, looks / 100) << looks;
  }
  mover.join();
  a.deallocate(p, bytes);
}

TEST_F(looking, counts_partly_touched_ranges) {
  area a(placement::bind({second}));
  auto* p = static_cast<char*>(a.allocate(bytes));
  touch(p + 4 * page, 5 * page);
  const residency where = locate(p, bytes);
  EXPECT_EQ(where.on(second), 5U) << where;
  EXPECT_EQ(where.untouched, 11U) << where;
  expect_located_right(p, bytes);
  EXPECT_TRUE(a.check_block(p, bytes).ok());
  a.deallocate(p, bytes);
}

TEST_F(proof, finds_a_page_moved_behind_its_back) {
  area a(placement::bind({second}));
  auto* p = static_cast<char*>(a.allocate(bytes));
  touch(p, bytes);
  ASSERT_EQ(move_page(p + 7 * page, first), static_cast<int>(first));
  const check_result found = a.check_block(p, bytes);
  EXPECT_FALSE(found.policy.has_value());
  EXPECT_EQ(found.misplaced, 1U);
  const misplaced_page expected{7 * page, first, {second}};
  ASSERT_TRUE(found.page.has_value());
  EXPECT_EQ(found.page->offset, expected.offset);
  EXPECT_EQ(*found.page, expected);
  a.deallocate(p, bytes);
}

TEST_F(proof, finds_a_moved_page_of_every_exact_placement) {
  const node_set both{first, second};
  for (const placement& where :
       {placement::blocked(both), placement::interleave(both, 2 * page), placement::interleave(both).hard(),
        placement::weighted({{first, 3}, {second, 1}}), placement::prefer({second})}) {
    SCOPED_TRACE(where.to_string());
    area a(where);
    auto* p = static_cast<char*>(a.allocate(bytes));
    touch(p, bytes);
    ASSERT_TRUE(a.check_block(p, bytes).ok());
    const auto now = static_cast<unsigned>(page_nodes(p + 15 * page, page).at(0));
    const unsigned other = now == first ? second : first;
    ASSERT_EQ(move_page(p + 15 * page, other), static_cast<int>(other));
    const check_result found = a.check_block(p, bytes);
    ASSERT_TRUE(found.page.has_value()) << found;
    EXPECT_EQ(found.page->offset, 15 * page);
    EXPECT_EQ(found.page->actual, other);
    a.deallocate(p, bytes);
  }
}

TEST_F(proof, finds_interleaved_pages_that_lie_on_one_node) {
  area a(placement::interleave({first, second}));
  auto* p = static_cast<char*>(a.allocate(bytes));
  touch(p, bytes);
  ASSERT_TRUE(a.check_block(p, bytes).ok());
  for (std::size_t at = 0; at < bytes; at += page) move_page(p + at, first);
  EXPECT_FALSE(a.check_block(p, bytes).ok());
  a.deallocate(p, bytes);
}

TEST_F(proof, finds_a_policy_changed_behind_its_back) {
  area a(placement::bind({second}));
  auto* p = static_cast<char*>(a.allocate(bytes));
  touch(p, bytes);
  ASSERT_EQ(set_policy(p + 5 * page, page, {mpol::bind, {first}}), 0);
  const check_result found = a.check_block(p, bytes);
  ASSERT_TRUE(found.policy.has_value()) << found;
  EXPECT_EQ(found.policy->offset, 5 * page);
  EXPECT_EQ(found.policy->actual.to_string(), "bind " + std::to_string(first));
  EXPECT_EQ(found.policy->expected.to_string(), "bind " + std::to_string(second));
  EXPECT_EQ(found.misplaced, 0U);
  a.deallocate(p, bytes);
}

TEST_F(proof, finds_memory_that_was_never_placed) {
  std::vector<char> heap(bytes + page, 1);
  void* p = reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(heap.data()) + page - 1) / page * page);
  const check_result found = check(placement::bind({second}), p, bytes - page);
  EXPECT_TRUE(found.policy.has_value());
}

TEST_F(proof, holds_for_base_pages_interleaved_in_memory_large_enough_for_huge_ones) {
  const std::size_t large = 8 << 20;
  area a(placement::interleave({first, second}));
  auto* p = static_cast<char*>(a.allocate(large));
  touch(p, large);
  const auto counts = count_pages(p, large);
  EXPECT_EQ(counts.at(first), large / page / 2);
  EXPECT_EQ(counts.at(second), large / page / 2);
  EXPECT_TRUE(a.check_block(p, large).ok());
  a.deallocate(p, large);
}

}  // namespace
}  // namespace acre::test
