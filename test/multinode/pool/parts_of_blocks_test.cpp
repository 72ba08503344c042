// check and migrate of parts of what areas and pools made by placements that count from where a mapping begins.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/locate.hpp>
#include <acre/migrate.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/pool_resource.hpp>
#include <acre/resource_for.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t alignment = 64;

std::vector<placement> by_position() {
  const node_set all = to_node_set(usable_nodes());
  const std::vector<unsigned> list = usable_list();
  return {placement::weighted(weights()),
          placement::weighted(weights()).hard(),
          placement::weighted(weights(), 12_KiB),
          placement::interleave(all).hard(),
          placement::interleave(all, 64_KiB),
          placement::interleave(all, 64_KiB).hard(),
          placement::blocked(all),
          placement::blocked(weights()).soft(),
          placement::most_free(all),
          placement::most_free(all, 64_KiB).hard(),
          placement::by_page([list](std::size_t i, std::size_t) { return list[i / 3 % list.size()]; }, all)};
}

char* page_of(void* p) {
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  return reinterpret_cast<char*>(at / base_page() * base_page());
}

void expect_right(const placement& where, const void* p, std::size_t bytes) {
  const check_result told = check(p, bytes, where);
  BOOST_TEST(told.ok(), told);
}

/// Soft memory may get a huge page from elsewhere, where its node has base pages only.
pool_options pages_that_lie_right(const placement& where) {
  pool_options o;
  if (!where.is_hard()) o.page_kind = page_kind::system;
  return o;
}

/// The page is moved to another node, told to lie elsewhere, and moved back.
void expect_found(const placement& where, char* p, std::size_t bytes, std::size_t page) {
  if (locate(p, bytes).transparent_huge != 0) return;  // which would move as a whole
  char* const moved = page_of(p + page * base_page());
  const auto home = static_cast<unsigned>(page_nodes(moved, base_page()).front());
  for (const unsigned n : usable_list()) {
    if (n == home) continue;
    BOOST_TEST_REQUIRE(move_page(moved, n) == static_cast<int>(n));
    const check_result told = check(p, bytes, where);
    BOOST_TEST_INFO(told);
    BOOST_TEST(told.misplaced == 1U);
    BOOST_TEST_REQUIRE(told.page.has_value());
    BOOST_TEST(static_cast<const char*>(told.begin) + told.page->offset == moved);
    BOOST_TEST((told.page->expected == node_set{home}));
    BOOST_TEST(migrate(moved, base_page(), where).failed() == 0U);
    BOOST_TEST(page_nodes(moved, base_page()).front() == static_cast<int>(home));
    expect_right(where, p, bytes);
    break;
  }
}

void expect_parts_right(std::mt19937& random, const placement& where, char* p, std::size_t bytes) {
  expect_right(where, p, bytes);
  for (int i = 0; i != 3; ++i) {
    const std::size_t first = random() % bytes;
    expect_right(where, p + first, 1 + random() % (bytes - first));
  }
}

BOOST_AUTO_TEST_SUITE(parts_of_blocks)

BOOST_AUTO_TEST_CASE(of_pools_lie_as_the_pools_placement_says) {
  std::mt19937 random(7);
  for (const placement& where : by_position()) {
    BOOST_TEST_CONTEXT(where) {
      pool_resource pool(where, pages_that_lie_right(where));
      std::vector<std::pair<char*, std::size_t>> blocks;
      for (const std::size_t bytes : {std::size_t{800}, 20_KiB, 100_KiB, 1_MiB + 8, 5_MiB, 64_KiB, 17_MiB}) {
        char* const p = static_cast<char*>(pool.allocate(bytes, alignment));
        touch(p, bytes);
        blocks.emplace_back(p, bytes);
      }
      for (const auto& [p, bytes] : blocks) {
        BOOST_TEST_CONTEXT("a block of " << bytes << " bytes") {
          expect_parts_right(random, where, p, bytes);
        }
      }
      const auto& [p, bytes] = blocks[4];
      expect_found(where, p, bytes, 700);
      expect_found(where, p + 100 * base_page() + 8, 50 * base_page(), 20);
      for (const auto& [q, size] : blocks) pool.deallocate(q, size, alignment);
    }
  }
}

BOOST_AUTO_TEST_CASE(of_areas_lie_as_the_areas_placement_says) {
  std::mt19937 random(8);
  for (const page_kind kind : {page_kind::system, page_kind::transparent_huge}) {
    for (const placement& where : by_position()) {
      if (kind == page_kind::transparent_huge && !where.is_hard()) continue;
      BOOST_TEST_CONTEXT(where << " in " << to_string(kind)) {
        area pages(where, {.page_kind = kind});
        const std::size_t bytes = 7_MiB + 100;
        char* const p = static_cast<char*>(pages.allocate(bytes, alignment));
        touch(p, bytes);
        BOOST_TEST(pages.check_block(p, bytes).ok(), pages.check_block(p, bytes));
        expect_parts_right(random, where, p, bytes);
        pages.deallocate(p, bytes, alignment);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(are_checked_by_the_chunk_that_was_chosen_too) {
  const placement where = placement::weighted(weights());
  area pages(where);
  char* const p = static_cast<char*>(pages.allocate(1_MiB, alignment));
  touch(p, 1_MiB);
  expect_right(where.by(chunk::page), p + 3 * base_page(), 40 * base_page());
  BOOST_TEST(!check(p, 1_MiB, where.by(2 * base_page())).ok());
  BOOST_TEST(!check(p, 1_MiB, placement::interleave(where.nodes()).hard()).ok());
  pages.deallocate(p, 1_MiB, alignment);
}

BOOST_AUTO_TEST_CASE(that_somebody_bound_anew_are_told) {
  const two_nodes n;
  for (const placement& where : by_position()) {
    BOOST_TEST_CONTEXT(where) {
      pool_resource pool(where, pages_that_lie_right(where));
      const std::size_t bytes = 4_MiB;
      char* const p = static_cast<char*>(pool.allocate(bytes, alignment));
      touch(p, bytes);
      char* const changed = page_of(p + 2_MiB);
      BOOST_TEST(set_policy(changed, 3 * base_page(), {mpol::interleave, n.all}) == 0);
      const check_result told = check(p, bytes, where);
      BOOST_TEST(told.misplaced == 0U);
      BOOST_TEST_REQUIRE(told.policy.has_value());
      BOOST_TEST(static_cast<const char*>(told.begin) + told.policy->offset == changed);
      BOOST_TEST(!check(changed + base_page(), base_page(), where).ok());
      // To put things right is to migrate.
      BOOST_TEST(migrate(p, bytes, where).failed() == 0U);
      expect_right(where, p, bytes);
      pool.deallocate(p, bytes, alignment);
    }
  }
}

BOOST_AUTO_TEST_CASE(that_were_unmapped_and_mapped_again_are_told) {
  const placement where = placement::weighted(weights()).hard();
  area pages(where);
  const std::size_t bytes = 1_MiB;
  char* const p = static_cast<char*>(pages.allocate(bytes, alignment));
  touch(p, bytes);
  char* const hole = p + 100 * base_page();
  BOOST_TEST(::munmap(hole, base_page()) == 0);
  std::error_code ec;
  BOOST_TEST(!check(p, bytes, where, ec).ok());
  BOOST_TEST(ec == errc::not_mapped);
  expect_right(where, p, 100 * base_page());
  BOOST_TEST_REQUIRE(::mmap(hole, base_page(), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == hole);
  BOOST_TEST(!check(p, bytes, where).ok());
  pages.deallocate(p, bytes, alignment);
}

BOOST_AUTO_TEST_CASE(are_known_to_forked_children) {
  const placement where = placement::blocked(weights());
  pool_resource pool(where);
  const std::size_t bytes = 2_MiB;
  char* const p = static_cast<char*>(pool.allocate(bytes, alignment));
  touch(p, bytes);
  in_child([&] {
    expect_right(where, p + 1_MiB, 100 * base_page());
    pool.deallocate(p, bytes, alignment);
    pool.trim();
  });
  expect_right(where, p + 1_MiB, 100 * base_page());
  pool.deallocate(p, bytes, alignment);
}

/// What a user writes first: the placement that a container was made with.
BOOST_AUTO_TEST_CASE(of_containers_lie_as_their_placement_says) {
  const node_set all = to_node_set(usable_nodes());
  for (const placement& where :
       {placement::bind(all), placement::interleave(all), placement::interleave(all, 64_KiB),
        placement::interleave(all, 2_MiB).hard(), placement::blocked(all), placement::weighted(weights())}) {
    for (const std::size_t count : {std::size_t{100}, std::size_t{100'000}, std::size_t{1'000'000}}) {
      BOOST_TEST_CONTEXT(count << " doubles, " << where) {
        const std::vector<double, numa_allocator<double>> v(count, where);
        expect_right(where, v.data(), count * sizeof(double));
        expect_right(where, v.data() + count / 2, count / 3 * sizeof(double));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
