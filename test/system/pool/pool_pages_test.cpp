// What a pool does to the pages of its area, on this machine.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/node_pools.hpp>
#include <acre/pool_resource.hpp>

#include "pool/page_source.hpp"
#include "pool/slab.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

node_id some_node() { return topology::system().default_nodes().first(); }

/// Frees every other of 200 blocks of 72 KiB after touching them all; those that stay are returned.
std::vector<void*> fill_and_free_half(pool_resource& pool) {
  std::vector<void*> stay;
  std::vector<void*> go;
  for (int i = 0; i != 200; ++i) {
    (i % 2 == 0 ? stay : go).push_back(pool.allocate(72_KiB));
    std::memset((i % 2 == 0 ? stay : go).back(), 1, 72_KiB);
  }
  for (void* const p : go) pool.deallocate(p, 72_KiB);
  return stay;
}

// By number: AddressSanitizer's mlock() does nothing.
long lock_page(const void* p) { return ::syscall(SYS_mlock, p, base_page()); }

BOOST_AUTO_TEST_SUITE(pool_pages)

BOOST_AUTO_TEST_CASE(of_a_pool_go_back_one_by_one) {
  pool_resource pool(placement::bind({some_node()}),
                     {.page_kind = page_kind::system, .guarding = guarding::off});
  const std::vector<void*> stay = fill_and_free_half(pool);
  BOOST_TEST(pool.trim() >= 100 * 72_KiB);
  BOOST_TEST(pool.resident().resident() * base_page() <= 110 * 72_KiB);
  for (const void* const p : stay) BOOST_TEST(count_untouched(p, 72_KiB) == 0U);
}

BOOST_AUTO_TEST_CASE(that_are_huge_and_not_there_are_those_of_the_kind_found) {
  for (const page_kind asked : {page_kind::huge_2mb, page_kind::huge_1gb}) {
    const area found(placement::bind({some_node()}), {.page_kind = asked});
    pool_resource pool(placement::bind({some_node()}), {.page_kind = asked, .guarding = guarding::off});
    void* const p = pool.allocate(1000);
    BOOST_TEST(pool.statistics().mapped_bytes <= std::max(1_MiB, page_size(found.page_kind())));
    const bool gives_parts =
        found.page_kind() == page_kind::transparent_huge || found.page_kind() == page_kind::system;
    // A huge page among live blocks.
    void* const large = pool.allocate(12_MiB);
    void* const last = pool.allocate(64_KiB);
    std::memset(large, 1, 12_MiB);
    pool.deallocate(large, 12_MiB);
    const std::size_t gone = pool.trim();
    if (gives_parts) {
      BOOST_TEST(gone >= 8_MiB);
    }
    pool.deallocate(last, 64_KiB);
    pool.deallocate(p, 1000);
    pool.trim();
    BOOST_TEST(pool.statistics().retained_bytes == 0U);
  }
}

/// Frees and allocates again, small and large blocks; every page there is before, and after, the first touch.
void expect_all_pages_are_always_there(pool_resource& pool) {
  const auto expect_there = [](const void* p, std::size_t bytes) {
    BOOST_TEST_CONTEXT("a block of " << bytes << " bytes") {
      BOOST_TEST(count_untouched(p, bytes) == 0U);
      BOOST_TEST(locate(p, bytes).untouched == 0U);
    }
  };
  for (int round = 0; round != 3; ++round) {
    std::vector<void*> live;
    for (const std::size_t bytes : {std::size_t{100}, 64_KiB, 5_MiB, 20_MiB}) {
      live.push_back(pool.allocate(bytes));
      expect_there(live.back(), bytes);
    }
    pool.deallocate(live[2], 5_MiB);
    pool.trim();
    live[2] = pool.allocate(5_MiB);
    expect_there(live[2], 5_MiB);
    pool.deallocate(live[0], 100);
    pool.deallocate(live[1], 64_KiB);
    pool.deallocate(live[2], 5_MiB);
    pool.deallocate(live[3], 20_MiB);
    if (round == 1) {
      pool.trim();
      // What is empty goes back as a whole.
      BOOST_TEST(pool.statistics().mapped_bytes == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(of_an_eager_area_are_always_there) {
  for (const page_kind kind : {page_kind::system, page_kind::transparent_huge}) {
    area pages(placement::bind({some_node()}), {.page_kind = kind, .commit = commit::eager});
    pool_resource pool(&pages, {.retained = 0, .guarding = guarding::off});
    expect_all_pages_are_always_there(pool);
  }
}

BOOST_AUTO_TEST_CASE(of_an_eager_area_come_in_steps_of_64_mebibytes_at_most) {
  area pages(placement::bind({some_node()}), {.commit = commit::eager});
  pool_resource pool(&pages, {.guarding = guarding::off});
  std::size_t before = 0;
  for (int i = 0; i != 22; ++i) {
    static_cast<void>(pool.allocate(8_MiB));
    const std::size_t now = pool.statistics().mapped_bytes;
    BOOST_TEST(now - before <= 64_MiB);
    before = now;
  }
}

BOOST_AUTO_TEST_CASE(of_a_pool_that_commits_eagerly_are_always_there) {
  for (const placement& where : {placement::bind({some_node()}), placement::unbound()}) {
    pool_resource pool(where, {.commit = commit::eager, .retained = 0, .guarding = guarding::off});
    expect_all_pages_are_always_there(pool);
  }
  node_pools pools({.pool = {.commit = commit::eager, .retained = 0, .guarding = guarding::off}});
  for (const node_id node : pools.nodes()) expect_all_pages_are_always_there(pools.pool(node));
}

BOOST_AUTO_TEST_CASE(that_no_node_has_are_an_exception_where_the_pool_commits_eagerly) {
  pool_resource pool(placement::bind({some_node()}),
                     {.page_kind = page_kind::system, .commit = commit::eager});
  // All there is: the kernel lets it be mapped, but this process uses some already.
  const std::size_t all = static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * base_page() / 2_MiB * 2_MiB;
  BOOST_CHECK_EXCEPTION(static_cast<void>(pool.allocate(all)), allocation_error, with_code(errc::node_full));
  BOOST_TEST(pool.statistics().live_blocks == 0U);
}

BOOST_AUTO_TEST_CASE(around_one_that_is_locked_go_back) {
  pool_resource pool(placement::bind({some_node()}),
                     {.page_kind = page_kind::system, .guarding = guarding::off});
  const std::vector<void*> stay = fill_and_free_half(pool);
  std::vector<void*> all = stay;
  for (std::size_t i = 0; i != 200; ++i) all.push_back(pool.allocate(72_KiB));
  for (std::size_t i = 0; i < all.size(); i += 100) BOOST_TEST_REQUIRE(lock_page(all[i]) == 0);
  void* const live = pool.allocate(72_KiB);
  for (void* const p : all) pool.deallocate(p, 72_KiB);
  pool.trim();
  // What was locked, and the live one.
  BOOST_TEST(pool.resident().resident() * base_page() <= 3 * unit_bytes + 3 * 72_KiB);
  BOOST_TEST(pool.statistics().retained_bytes <= 3 * unit_bytes);
  pool.deallocate(live, 72_KiB);
}

// madvise(2) gives back what lies before a locked page, and fails there.
BOOST_AUTO_TEST_CASE(before_one_that_is_locked_are_made_again) {
  pool_resource pool(placement::bind({some_node()}),
                     {.page_kind = page_kind::system, .guarding = guarding::off});
  auto* const p = static_cast<std::byte*>(pool.allocate(72_KiB));
  void* const live = pool.allocate(72_KiB);
  BOOST_TEST_REQUIRE(lock_page(p + base_page()) == 0);
  pool.deallocate(p, 72_KiB);
  pool.trim();
  BOOST_TEST_REQUIRE(count_untouched(p, base_page()) == 1U);
  BOOST_TEST_REQUIRE(pool.allocate(72_KiB) == p);
  BOOST_TEST(count_untouched(p, 72_KiB) == 0U);
  pool.deallocate(p, 72_KiB);
  pool.deallocate(live, 72_KiB);
}

BOOST_AUTO_TEST_CASE(that_are_locked_go_back_with_their_slabs) {
  for (const commit when : {commit::lazy, commit::eager}) {
    pool_resource pool(placement::bind({some_node()}),
                       {.page_kind = page_kind::system, .commit = when, .guarding = guarding::off});
    void* const locked = pool.allocate(72_KiB);
    BOOST_TEST_REQUIRE(lock_page(locked) == 0);
    void* const live = pool.allocate(72_KiB);
    pool.trim();
    pool.deallocate(locked, 72_KiB);
    BOOST_TEST(pool.trim() == 64_KiB);
    BOOST_TEST(pool.statistics().retained_bytes == unit_bytes);
    BOOST_TEST(pool.allocate(72_KiB) == locked);
    pool.deallocate(locked, 72_KiB);
    pool.deallocate(live, 72_KiB);
    BOOST_TEST(pool.trim() >= 144_KiB);
    BOOST_TEST(pool.statistics().mapped_bytes == 0U);
  }
}

BOOST_AUTO_TEST_CASE(are_told_of_with_what_they_were_asked_for) {
  const placement where = placement::bind({some_node()});
  pool_resource pool(where, {.guarding = guarding::off});
  pool.deallocate(pool.allocate(100), 100);
  const auto told = pool.status();
  BOOST_TEST_REQUIRE(told.has_value());
  BOOST_TEST(told->asked == where);
  BOOST_TEST(told->bytes == pool.statistics().mapped_bytes);
  area pages(placement::unbound());
  BOOST_TEST_REQUIRE(pool_resource(&pages).status().has_value());
  BOOST_TEST(pool_resource(&pages).status()->asked == placement::unbound());
}

BOOST_AUTO_TEST_CASE(that_are_smaller_than_asked_are_told_of) {
  pool_resource pool(placement::bind({some_node()}),
                     {.page_kind = page_kind::huge_1gb, .guarding = guarding::off});
  pool.deallocate(pool.allocate(100), 100);
  const auto told = pool.status();
  BOOST_TEST_REQUIRE(told.has_value());
  if (told->allocations[static_cast<std::size_t>(page_kind::huge_1gb)] != 0) return;  // such a machine
  BOOST_TEST_REQUIRE(!told->downgrades.empty());
  BOOST_TEST(told->downgrades.front().reason == downgrade_reason::smaller_pages);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
