// Blocks of pools that migrate() gave another policy, on a machine with however many nodes.
#include <acre/bytes.hpp>
#include <acre/migrate.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {
namespace {

struct a_node {
  const unsigned node = usable_list().front();
  const placement home = placement::bind({node});
  const placement away = placement::prefer({node});
  const kernel_policy bound{mpol::bind, {node}};
};

BOOST_FIXTURE_TEST_SUITE(moved_blocks_of_pools, a_node)

BOOST_AUTO_TEST_CASE(leave_no_policy_behind) {
  for (const commit how : {commit::eager, commit::lazy}) {
    pool_resource pool(home, {.commit = how, .guarding = guarding::off});
    for (const std::size_t bytes : {100_KiB, 3_MiB, 20_MiB}) {
      void* const p = pool.allocate(bytes);
      std::memset(p, 1, bytes);
      migrate(p, bytes, away);
      BOOST_TEST(policy_at(p) != bound);
      pool.deallocate(p, bytes);
      void* const q = pool.allocate(bytes);
      BOOST_TEST(policy_at(q) == bound);
      std::memset(q, 1, bytes);
      BOOST_TEST(migrate(q, bytes, home).failed() == 0U);
      pool.deallocate(q, bytes);
    }
  }
}

BOOST_AUTO_TEST_CASE(are_no_small_ones) {
  using vector = std::vector<int, numa_allocator<int>>;
  vector small(6000, home);
  BOOST_CHECK_EXCEPTION(migrate(small.data(), small.size() * sizeof(int), away), error,
                        with_code(errc::invalid_argument).saying("small blocks of a pool").saying("64 KiB"));
  BOOST_TEST(policy_at(small.data() + 2000) == bound);
  std::error_code ec;
  migrate(small.data(), small.size() * sizeof(int), away, ec);
  BOOST_TEST(ec == errc::invalid_argument);
  // What it has it may get.
  BOOST_TEST(migrate(small.data(), small.size() * sizeof(int), home).failed() == 0U);
  pool_resource without(home, {.largest_small = 4_KiB, .guarding = guarding::off});
  void* const p = without.allocate(24_KiB);
  BOOST_TEST(migrate(p, 24_KiB, away).failed() == 0U);
  without.deallocate(p, 24_KiB);
}

// The kernel has a mapping for each policy that neighbours do not have.
BOOST_AUTO_TEST_CASE(leave_no_mappings_behind) {
  pool_resource pool(home, {.page_kind = page_kind::system, .guarding = guarding::off});
  std::vector<void*> all;
  for (int i = 0; i != 100; ++i) all.push_back(pool.allocate(100_KiB));
  const std::size_t before = count_mappings();
  const std::size_t live = all.size();
  for (int round = 0; round != 3; ++round) {
    for (std::size_t i = 0; i < live; i += 2) migrate(all[i], 100_KiB, away);
    BOOST_TEST(count_mappings() > before + 50);
    for (std::size_t i = 0; i < live; i += 2) pool.deallocate(all[i], 100_KiB);
    for (std::size_t i = 0; i < live; i += 2) all[i] = pool.allocate(100_KiB);
    // Whatever is free is handed out again.
    const std::size_t mapped = pool.statistics().mapped_bytes;
    while (pool.statistics().mapped_bytes == mapped) all.push_back(pool.allocate(100_KiB));
    BOOST_TEST(count_mappings() < before + 35);
    for (; all.size() > live; all.pop_back()) pool.deallocate(all.back(), 100_KiB);
  }
  for (void* p : all) pool.deallocate(p, 100_KiB);
}

// Where a filter forbids mbind(2), migrate() does nothing, and the pool has nothing to put right.
BOOST_AUTO_TEST_CASE(stay_as_they_are_where_binding_is_refused) {
  pool_resource pool(home, {.commit = commit::lazy, .guarding = guarding::off});
  void* const p = pool.allocate(100_KiB);
  in_child([&] {
    refuse_calls(binding_calls(), answer::eperm);
    BOOST_CHECK_EXCEPTION(migrate(p, 100_KiB, away), error, with_code(errc::binding_denied));
    pool.deallocate(p, 100_KiB);
    BOOST_TEST(pool.allocate(100_KiB) == p);
    BOOST_TEST(policy_at(p) == bound);
  });
  pool.deallocate(p, 100_KiB);
}

BOOST_AUTO_TEST_CASE(are_books_that_a_child_finds_whole) {
  pool_resource pool(
      home,
      {.page_kind = page_kind::system, .decay = std::chrono::milliseconds(0), .guarding = guarding::off});
  std::atomic<bool> stop = false;
  std::array<std::atomic<int>, 2> rounds{};
  std::vector<std::jthread> threads;
  const auto stopped_at_the_end = std::shared_ptr<void>(nullptr, [&stop](void*) { stop = true; });
  for (std::atomic<int>& done : rounds) {
    threads.emplace_back([&] {
      for (; !stop; ++done) {
        for (const std::size_t bytes : {100_KiB, 17_MiB}) {
          void* const p = pool.allocate(bytes);
          migrate(p, 64_KiB, away);
          pool.deallocate(p, bytes);
        }
        pool.trim();
      }
    });
  }
  // From here on ThreadSanitizer's caches of these threads are filled, too: fork() does not hold what fills them (gcc
  // 12).
  BOOST_TEST_REQUIRE(comes_true([&] { return rounds[0] > 20 && rounds[1] > 20; }));
  // A child of several threads waits for ever in AddressSanitizer's operator new, which fork() does not hold.
  for (int i = 0; i != (under_asan ? 0 : 20); ++i) {
    const pid_t child = start([&] {
      for (int k = 0; k != 5; ++k) {
        void* const p = pool.allocate(200_KiB);
        BOOST_TEST(policy_at(p) == bound);
        migrate(p, 200_KiB, away);
        pool.deallocate(p, 200_KiB);
        pool.trim();
      }
    });
    BOOST_TEST_REQUIRE(exit_code_of(child) == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
