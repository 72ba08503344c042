#include <acre/bytes.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <memory_resource>
#include <sstream>
#include <string>
#include <vector>

#include "support/checking_resource.hpp"
#include "support/print.hpp"
#include "support/text.hpp"
#include "support/thread.hpp"

namespace acre::test {
namespace {

/// Nothing goes because time passes.
const pool_options unguarded{.decay = std::chrono::milliseconds::max(), .guarding = guarding::off};

struct unguarded_pool {
  checking_resource memory;
  pool_resource pool{&memory, unguarded};
};

BOOST_FIXTURE_TEST_SUITE(pool_statistics_of, unguarded_pool)

BOOST_AUTO_TEST_CASE(a_new_pool_are_zero) {
  const pool_statistics s = pool.statistics();
  BOOST_TEST(s.allocations == 0U);
  BOOST_TEST(s.deallocations == 0U);
  BOOST_TEST(s.cache_hits == 0U);
  BOOST_TEST(s.refills == 0U);
  BOOST_TEST(s.flushes == 0U);
  BOOST_TEST(s.remote_frees == 0U);
  BOOST_TEST(s.trims == 0U);
  BOOST_TEST(s.live_blocks == 0U);
  BOOST_TEST(s.live_bytes == 0U);
  BOOST_TEST(s.used_bytes == 0U);
  BOOST_TEST(s.used_peak == 0U);
  BOOST_TEST(s.mapped_bytes == 0U);
  BOOST_TEST(s.retained_bytes == 0U);
  BOOST_TEST(s.thread_caches == 0U);
}

BOOST_AUTO_TEST_CASE(one_thread_are_exact_for_small_blocks) {
  constexpr std::size_t count = 5000;
  std::vector<void*> live;
  for (std::size_t i = 0; i != count; ++i) {
    live.push_back(pool.allocate(100, 8));
    const pool_statistics s = pool.statistics();
    BOOST_TEST_REQUIRE(s.allocations == i + 1);
    BOOST_TEST_REQUIRE(s.live_blocks == i + 1);
    BOOST_TEST_REQUIRE(s.live_bytes == (i + 1) * 104);
    // Each is served by the cache, or by a list from the central free list.
    BOOST_TEST_REQUIRE(s.cache_hits + s.refills == i + 1);
    BOOST_TEST_REQUIRE(s.used_bytes >= s.live_bytes);
    BOOST_TEST_REQUIRE(s.mapped_bytes == memory.live_bytes());
  }
  const pool_statistics full = pool.statistics();
  BOOST_TEST(full.deallocations == 0U);
  BOOST_TEST(full.thread_caches == 1U);
  BOOST_TEST(full.refills < count / 10);
  for (std::size_t i = 0; i != count; ++i) {
    pool.deallocate(live[i], 100, 8);
    const pool_statistics s = pool.statistics();
    BOOST_TEST_REQUIRE(s.deallocations == i + 1);
    BOOST_TEST_REQUIRE(s.live_blocks == count - 1 - i);
    BOOST_TEST_REQUIRE(s.live_bytes == (count - 1 - i) * 104);
  }
  const pool_statistics empty = pool.statistics();
  BOOST_TEST(empty.allocations == count);
  BOOST_TEST(empty.flushes > 0U);
  // Free small blocks stay with their class.
  BOOST_TEST(empty.used_bytes == full.used_bytes);
}

BOOST_AUTO_TEST_CASE(one_thread_are_exact_for_large_blocks) {
  struct {
    std::size_t bytes, alignment;
  } const cases[] = {{65_KiB, 8},    {64_KiB + 1, 64}, {1_MiB + 1, 8}, {16_MiB, 8},   {16_MiB + 1, 8},
                     {40_MiB, 4096}, {100, 64_KiB},    {0, 4_MiB},     {3_MiB, 4_MiB}};
  std::size_t used = 0;
  std::size_t blocks = 0;
  for (const auto& c : cases) {
    BOOST_TEST_CONTEXT(c.bytes << " bytes aligned to " << c.alignment) {
      static_cast<void>(pool.allocate(c.bytes, c.alignment));
      ++blocks;
      used += pool.good_size(c.bytes, c.alignment);
      const pool_statistics s = pool.statistics();
      BOOST_TEST(s.allocations == blocks);
      BOOST_TEST(s.live_blocks == blocks);
      BOOST_TEST(s.live_bytes == used);
      BOOST_TEST(s.used_bytes == used);
      BOOST_TEST(s.used_peak == used);
      BOOST_TEST(s.cache_hits == 0U);
      BOOST_TEST(s.mapped_bytes == memory.live_bytes());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_pool_count_what_is_free_as_retained) {
  void* const small = pool.allocate(1_MiB, 8);
  void* const large = pool.allocate(32_MiB, 8);
  BOOST_TEST(pool.statistics().retained_bytes == 0U);
  pool.deallocate(small, 1_MiB, 8);
  BOOST_TEST(pool.statistics().retained_bytes == 1_MiB);
  pool.deallocate(large, 32_MiB, 8);
  BOOST_TEST(pool.statistics().retained_bytes == 33_MiB);
  BOOST_TEST(pool.statistics().used_bytes == 0U);
  static_cast<void>(pool.allocate(32_MiB, 8));
  BOOST_TEST(pool.statistics().retained_bytes == 1_MiB);
}

BOOST_AUTO_TEST_CASE(a_pool_remember_the_peak_until_it_is_reset) {
  void* const one = pool.allocate(1_MiB, 8);
  void* const two = pool.allocate(2_MiB, 8);
  pool.deallocate(two, 2_MiB, 8);
  BOOST_TEST(pool.statistics().used_peak == 3_MiB);
  pool.reset_peak();
  BOOST_TEST(pool.statistics().used_peak == 1_MiB);
  pool.deallocate(one, 1_MiB, 8);
  BOOST_TEST(pool.statistics().used_peak == 1_MiB);
  static_cast<void>(pool.allocate(5_MiB, 8));
  BOOST_TEST(pool.statistics().used_peak == 5_MiB);
}

BOOST_AUTO_TEST_CASE(a_pool_without_caches_have_no_hits) {
  pool_resource plain(&memory, {.cached = 0, .guarding = guarding::off});
  for (int i = 0; i != 1000; ++i) plain.deallocate(plain.allocate(40, 8), 40, 8);
  const pool_statistics s = plain.statistics();
  BOOST_TEST(s.allocations == 1000U);
  BOOST_TEST(s.deallocations == 1000U);
  BOOST_TEST(s.cache_hits == 0U);
  BOOST_TEST(s.thread_caches == 0U);
}

BOOST_AUTO_TEST_CASE(a_pool_keep_what_threads_counted_that_have_ended) {
  for (std::size_t round = 1; round != 4; ++round) {
    std::vector<void*> live(1000);
    in_thread([&] {
      for (void*& p : live) p = pool.allocate(24, 8);
      BOOST_TEST(pool.statistics().thread_caches == 1U);
    });
    const pool_statistics s = pool.statistics();
    BOOST_TEST(s.thread_caches == 0U);
    BOOST_TEST(s.allocations == round * 1000);
    BOOST_TEST(s.cache_hits + s.refills == round * 1000);
    BOOST_TEST(s.live_blocks == 1000U);
    in_thread([&] {
      for (void* const p : live) pool.deallocate(p, 24, 8);
    });
    BOOST_TEST(pool.statistics().deallocations == round * 1000);
    BOOST_TEST(pool.statistics().live_blocks == 0U);
    BOOST_TEST(pool.statistics().live_bytes == 0U);
  }
}

BOOST_AUTO_TEST_CASE(two_pools_of_one_thread_are_apart) {
  pool_resource other(&memory, unguarded);
  for (int i = 0; i != 100; ++i) {
    static_cast<void>(pool.allocate(8, 8));
    if (i % 2 == 0) static_cast<void>(other.allocate(8, 8));
  }
  BOOST_TEST(pool.statistics().live_blocks == 100U);
  BOOST_TEST(other.statistics().live_blocks == 50U);
}

BOOST_AUTO_TEST_CASE(a_guarded_pool_do_not_take_resting_blocks_for_live_ones) {
  pool_resource guarded(&memory, {.guarding = guarding::on});
  std::vector<void*> live;
  for (int i = 0; i != 100; ++i) live.push_back(guarded.allocate(100, 8));
  void* const large = guarded.allocate(1_MiB, 8);
  pool_statistics s = guarded.statistics();
  BOOST_TEST(s.allocations == 101U);
  BOOST_TEST(s.live_blocks == 101U);
  BOOST_TEST(s.live_bytes == 100 * guarded.good_size(100, 8) + 1_MiB);
  guarded.deallocate(large, 1_MiB, 8);
  for (void* const p : live) guarded.deallocate(p, 100, 8);
  s = guarded.statistics();
  BOOST_TEST(s.deallocations == 101U);
  BOOST_TEST(s.live_blocks == 0U);
  BOOST_TEST(s.live_bytes == 0U);
  guarded.trim();
  s = guarded.statistics();
  BOOST_TEST(s.deallocations == 101U);
  BOOST_TEST(s.used_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(a_pool_count_trims) {
  pool.trim();
  pool.trim();
  BOOST_TEST(pool.statistics().trims == 2U);
}

BOOST_AUTO_TEST_CASE(a_pool_print_every_number_that_does_not_follow_from_others) {
  pool_statistics s;
  s.allocations = 102;
  s.cache_hits = 103;
  s.refills = 104;
  s.flushes = 105;
  s.remote_frees = 106;
  s.trims = 107;
  s.live_blocks = 108;
  s.live_bytes = 109;
  s.used_bytes = 110;
  s.used_peak = 111;
  s.mapped_bytes = 112;
  s.retained_bytes = 113;
  s.thread_caches = 114;
  std::ostringstream out;
  out << s;
  BOOST_TEST(out.str() == s.to_string());
  for (int n = 102; n <= 114; ++n) BOOST_TEST(contains(out.str(), std::to_string(n)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
