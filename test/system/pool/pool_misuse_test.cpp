// Pointers that are no blocks.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/misuse.hpp>
#include <acre/node_pools.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>
#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <string>
#include <vector>

#include "support/child.hpp"
#include "support/misuse.hpp"
#include "support/print.hpp"
#include "support/resource_stress.hpp"
#include "support/text.hpp"

namespace acre::test {
namespace {

const pool_options unguarded{.guarding = guarding::off};

/// libstdc++ 12 declares that memory_resource::deallocate is never given one, which UndefinedBehaviorSanitizer would
/// report.
__attribute__((no_sanitize("undefined"))) void free_nulls(std::pmr::memory_resource& r) {
  void* volatile null = nullptr;
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, std::size_t{100}, 64_KiB, 100_KiB, 20_MiB, SIZE_MAX}) {
    for (const std::size_t alignment : {std::size_t{1}, std::size_t{16}, 4_KiB, 4_MiB})
      r.deallocate(null, bytes, alignment);
  }
}

/// Before there is a cache, with one, with a full one; then blocks are as they should be.
void expect_nothing_of_nulls(std::pmr::memory_resource& r) {
  free_nulls(r);
  block_list live(r);
  for (std::size_t i = 0; i != 2000; ++i) live.add(100, 8);
  free_nulls(r);
  for (std::size_t i = 0; i != 1000; ++i) live.remove(i, 100);
  free_nulls(r);
  for (std::size_t i = 0; i != 1000; ++i) live.add(100, 8);
  live.check_all();
  live.check_distinct();
}

void expect_abort(const std::function<void()>& body, const std::string& says) {
  const child_end end = end_of_child(body);
  BOOST_TEST_CONTEXT(end.said) {
    BOOST_TEST((WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGABRT));
    BOOST_TEST(end.said.find(says) != std::string::npos);
    BOOST_TEST(end.said.find('\n') == end.said.size() - 1);
  }
}

BOOST_AUTO_TEST_SUITE(pool_misuse)

BOOST_AUTO_TEST_CASE(to_free_a_null_pointer_does_nothing) {
  for (const guarding g : {guarding::off, guarding::on}) {
    for (const std::size_t cached : {64_KiB, std::size_t{0}}) {
      for (const placement& where : {placement::unbound(), placement::local()}) {
        pool_resource pool(where, {.cached = cached, .guarding = g});
        expect_nothing_of_nulls(pool);
        BOOST_TEST(pool.statistics().live_blocks == 0U);
        BOOST_TEST(pool.statistics().deallocations == 3000U);
        BOOST_TEST(pool.statistics().allocations == 3000U);
        pool.trim();
        BOOST_TEST(pool.statistics().used_bytes == 0U);
      }
    }
  }
  node_pools pools({.pool = unguarded});
  expect_nothing_of_nulls(pools);
  BOOST_TEST(pools.statistics().deallocations == 3000U);
  numa_allocator<int> numbers(placement::unbound());
  numbers.deallocate(nullptr, 0);
  numbers.deallocate(nullptr, 100'000'000);
}

// Of a size that blocks with mappings of their own have.
BOOST_AUTO_TEST_CASE(to_free_what_is_no_block_ends_the_program_before_the_books_are_touched) {
  const std::string says = "acre: pool: the block at ";
  for (const placement& where : {placement::unbound(), placement::local()}) {
    pool_resource pool(where, unguarded);
    auto* const p = static_cast<std::byte*>(pool.allocate(20_MiB));
    std::byte other;
    expect_abort([&] { pool.deallocate(&other, 20_MiB); }, says);
    expect_abort([&] { pool.deallocate(p + 4096, 20_MiB); }, says);
    expect_abort(
        [&] {
          pool.deallocate(p, 20_MiB);
          pool.deallocate(p, 20_MiB);
        },
        says);
    pool.deallocate(p, 20_MiB);
  }
}

BOOST_AUTO_TEST_CASE(that_the_handler_puts_up_with_leaves_the_block) {
  pool_resource pool(placement::unbound(), unguarded);
  auto* const p = static_cast<std::byte*>(pool.allocate(20_MiB));
  void* const q = pool.allocate(100_KiB);
  BOOST_TEST(
      contains(misuse_in([&] { pool.deallocate(p + 4096, 20_MiB); }), "is no live block of this size"));
  BOOST_TEST(contains(misuse_in([&] { pool.deallocate(q, 200_KiB); }), "freed with 204800 bytes"));
  BOOST_TEST(pool.statistics().live_blocks == 2U);
  BOOST_TEST(misuse_in([&] {
               pool.deallocate(p, 20_MiB);
               pool.deallocate(q, 100_KiB);
             }).empty());
  BOOST_TEST(pool.statistics().live_blocks == 0U);
}

BOOST_AUTO_TEST_CASE(of_areas_is_told_where_they_know_their_blocks) {
  const node_set all = topology::system().default_nodes();
  area pages(placement::blocked(all));
  free_nulls(pages);
  int local = 0;
  BOOST_TEST(contains(misuse_in([&] { pages.deallocate(&local, 4096); }), "area: the block at"));
  void* const p = pages.allocate(1_MiB);
  pages.deallocate(p, 1_MiB);
  BOOST_TEST(contains(misuse_in([&] { pages.deallocate(p, 1_MiB); }), "area: the block at"));
}

BOOST_AUTO_TEST_CASE(is_told_to_the_handler_that_was_set_last) {
  const misuse_handler first = set_misuse_handler([](const misuse&) {});
  const misuse_handler second = set_misuse_handler(nullptr);
  BOOST_TEST((first != second));
  BOOST_TEST((set_misuse_handler(first) == first));
}

// Of a size that blocks in slabs have.
BOOST_AUTO_TEST_CASE(to_free_what_is_no_extent_ends_the_program_too) {
  const std::string says = "no live block of this size";
  pool_resource pool(placement::unbound(), unguarded);
  std::byte other;
  expect_abort([&] { pool.deallocate(&other, 1_MiB); }, says);
  auto* const p = static_cast<std::byte*>(pool.allocate(100_KiB));
  expect_abort([&] { pool.deallocate(&other, 100_KiB); }, says);
  expect_abort([&] { pool.deallocate(p + 16, 100_KiB); }, says);
  expect_abort([&] { pool.deallocate(p, 15_MiB); }, says);
  expect_abort([&] { pool.deallocate(p, 200_KiB); }, says);
  expect_abort(
      [&] {
        pool.deallocate(p, 100_KiB);
        pool.deallocate(p, 100_KiB);
      },
      says);
  pool.deallocate(p, 100_KiB);
  BOOST_TEST(pool.statistics().live_blocks == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
