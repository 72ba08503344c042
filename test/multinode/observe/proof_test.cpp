// What locate and check say, against what the kernel says.
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/locate.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "multinode/verify.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

namespace acre {

static std::ostream& boost_test_print_type(std::ostream& out, const differing_policy& p) {
  return out << p.actual << " instead of " << p.expected << " at offset " << p.offset;
}

static std::ostream& boost_test_print_type(std::ostream& out, const misplaced_page& p) {
  return out << "node " << p.actual << " instead of " << p.expected << " at offset " << p.offset;
}

}  // namespace acre

namespace acre::test {
namespace {

using boost::test_tools::per_element;

struct small_range : two_nodes {
  std::size_t page = base_page();
  std::size_t bytes = 16 * page;
};

BOOST_FIXTURE_TEST_SUITE(looking, small_range)

BOOST_AUTO_TEST_CASE(touches_no_page) {
  area a(placement::bind({second}));
  void* p = a.allocate(bytes);
  BOOST_TEST(locate(p, bytes).untouched == 16U);
  BOOST_TEST(a.check_block(p, bytes));
  BOOST_TEST(locate_pages(p, bytes) == std::vector<int>(16, -1), per_element());
  BOOST_TEST(installed_policy(p).to_string() == "bind " + std::to_string(second));
  BOOST_TEST(count_untouched(p, bytes) == 16U);
  a.deallocate(p, bytes);
}

BOOST_AUTO_TEST_CASE(takes_the_zero_page_for_no_node) {
  area a(placement::bind({second}));
  void* p = a.allocate(bytes);
  for (std::size_t at = 0; at < bytes; at += page) {
    const int read = static_cast<volatile char*>(p)[at];
    BOOST_TEST(read == 0);
  }
  const residency where = locate(p, bytes);
  BOOST_TEST_CONTEXT(where) {
    BOOST_TEST(where.untouched == 16U);
    BOOST_TEST(where.per_node.empty());
  }
  BOOST_TEST(a.check_block(p, bytes));
  a.deallocate(p, bytes);
}

BOOST_AUTO_TEST_CASE(finds_pages_that_the_kernel_is_moving) {
  area a(placement::prefer({first}));
  void* p = a.allocate(bytes);
  touch(p, bytes);
  std::atomic<bool> moved = false;
  std::size_t refused = 0;
  std::thread mover([&] {
    const pinned there(one_cpu_per_node().back());
    std::vector<void*> pages;
    for (std::size_t at = 0; at < bytes; at += page) pages.push_back(static_cast<char*>(p) + at);
    for (int move = 0; move < 40; ++move) {
      const std::vector<int> to(pages.size(), static_cast<int>(move % 2 == 0 ? second : first));
      std::vector<int> status(pages.size());
      const long rc = syscall(SYS_move_pages, 0, pages.size(), pages.data(), to.data(), status.data(), 2);
      refused += rc < 0 ? 1 : 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    moved = true;
  });
  {
    const pinned here(one_cpu_per_node().front());
    std::size_t untouched = 0;
    std::size_t looks = 0;
    for (; !moved; ++looks) untouched += locate(p, bytes).untouched != 0 ? 1 : 0;
    // Where the mover loses its CPU in the middle of a move, for longer than anybody waits, the page is unknown.
    BOOST_TEST_INFO("in " << looks << " looks");
    BOOST_TEST(untouched == 0U);
  }
  mover.join();
  BOOST_TEST(refused == 0U);
  a.deallocate(p, bytes);
}

BOOST_AUTO_TEST_CASE(counts_partly_touched_ranges) {
  area a(placement::bind({second}));
  auto* p = static_cast<char*>(a.allocate(bytes));
  touch(p + 4 * page, 5 * page);
  const residency where = locate(p, bytes);
  BOOST_TEST_CONTEXT(where) {
    BOOST_TEST(where.on(second) == 5U);
    BOOST_TEST(where.untouched == 11U);
  }
  expect_located_right(p, bytes);
  BOOST_TEST(a.check_block(p, bytes));
  a.deallocate(p, bytes);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(proof, small_range)

BOOST_AUTO_TEST_CASE(finds_a_page_moved_behind_its_back) {
  area a(placement::bind({second}));
  auto* p = static_cast<char*>(a.allocate(bytes));
  touch(p, bytes);
  BOOST_TEST_REQUIRE(move_page(p + 7 * page, first) == static_cast<int>(first));
  const check_result found = a.check_block(p, bytes);
  BOOST_TEST(!found.policy);
  BOOST_TEST(found.misplaced == 1U);
  BOOST_TEST_REQUIRE(found.page);
  BOOST_TEST(found.page->offset == 7 * page);
  BOOST_TEST(found.page->actual == first);
  BOOST_TEST(found.page->expected == node_set{second});
  a.deallocate(p, bytes);
}

BOOST_AUTO_TEST_CASE(finds_a_moved_page_of_every_exact_placement) {
  const node_set both{first, second};
  for (const placement& where :
       {placement::blocked(both), placement::interleave(both, 2 * page), placement::interleave(both).hard(),
        placement::weighted({{first, 3}, {second, 1}}), placement::prefer({second})}) {
    BOOST_TEST_CONTEXT(where) {
      area a(where);
      auto* p = static_cast<char*>(a.allocate(bytes));
      touch(p, bytes);
      BOOST_TEST_REQUIRE(a.check_block(p, bytes));
      const auto now = static_cast<unsigned>(page_nodes(p + 15 * page, page).at(0));
      const unsigned other = now == first ? second : first;
      BOOST_TEST_REQUIRE(move_page(p + 15 * page, other) == static_cast<int>(other));
      const check_result found = a.check_block(p, bytes);
      BOOST_TEST_INFO(found);
      BOOST_TEST_REQUIRE(found.page);
      BOOST_TEST(found.page->offset == 15 * page);
      BOOST_TEST(found.page->actual == other);
      a.deallocate(p, bytes);
    }
  }
}

BOOST_AUTO_TEST_CASE(finds_interleaved_pages_that_lie_on_one_node) {
  area a(placement::interleave({first, second}));
  auto* p = static_cast<char*>(a.allocate(bytes));
  touch(p, bytes);
  BOOST_TEST_REQUIRE(a.check_block(p, bytes));
  for (std::size_t at = 0; at < bytes; at += page) move_page(p + at, first);
  const check_result found = a.check_block(p, bytes);
  BOOST_TEST_INFO(found);
  BOOST_TEST(!found);
  a.deallocate(p, bytes);
}

BOOST_AUTO_TEST_CASE(finds_a_policy_changed_behind_its_back) {
  area a(placement::bind({second}));
  auto* p = static_cast<char*>(a.allocate(bytes));
  touch(p, bytes);
  BOOST_TEST_REQUIRE(set_policy(p + 5 * page, page, {mpol::bind, {first}}) == 0);
  const check_result found = a.check_block(p, bytes);
  BOOST_TEST_INFO(found);
  BOOST_TEST_REQUIRE(found.policy);
  BOOST_TEST(found.policy->offset == 5 * page);
  BOOST_TEST(found.policy->actual.to_string() == "bind " + std::to_string(first));
  BOOST_TEST(found.policy->expected.to_string() == "bind " + std::to_string(second));
  BOOST_TEST(found.misplaced == 0U);
  a.deallocate(p, bytes);
}

BOOST_AUTO_TEST_CASE(finds_memory_that_was_never_placed) {
  std::vector<char> heap(bytes + page, 1);
  void* p = reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(heap.data()) + page - 1) / page * page);
  const check_result found = check(p, bytes - page, placement::bind({second}));
  BOOST_TEST_INFO(found);
  BOOST_TEST(found.policy);
}

BOOST_AUTO_TEST_CASE(holds_for_base_pages_interleaved_in_memory_large_enough_for_huge_ones) {
  const std::size_t large = 8 << 20;
  area a(placement::interleave({first, second}));
  auto* p = static_cast<char*>(a.allocate(large));
  touch(p, large);
  const auto counts = count_pages(p, large);
  BOOST_TEST(counts.at(first) == large / page / 2);
  BOOST_TEST(counts.at(second) == large / page / 2);
  BOOST_TEST(a.check_block(p, large));
  a.deallocate(p, large);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
