// What a pool keeps of its large blocks, and when it lets go.
#include <acre/bytes.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory_resource>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "support/checking_resource.hpp"
#include "support/comes_true.hpp"
#include "support/print.hpp"
#include "support/resource_stress.hpp"

namespace acre::test {
namespace {

using namespace std::chrono_literals;

const pool_options unguarded{.guarding = guarding::off};

struct checked_upstream {
  checking_resource memory;
};

BOOST_FIXTURE_TEST_SUITE(a_pool_of_large_blocks, checked_upstream)

BOOST_AUTO_TEST_CASE(uses_freed_ones_again_without_upstream) {
  pool_resource pool(&memory, unguarded);
  for (const std::size_t bytes : {64_KiB, 1_MiB, 16_MiB, 17_MiB, 100_MiB}) {
    pool.deallocate(pool.allocate(bytes, 8), bytes, 8);
    const std::size_t before = memory.allocations();
    void* const p = pool.allocate(bytes, 8);
    pool.deallocate(p, bytes, 8);
    for (int i = 0; i != 100; ++i) {
      BOOST_TEST_REQUIRE(pool.allocate(bytes, 8) == p);
      pool.deallocate(p, bytes, 8);
    }
    BOOST_TEST_INFO(bytes << " bytes");
    BOOST_TEST(memory.allocations() == before);
  }
}

BOOST_AUTO_TEST_CASE(uses_a_kept_mapping_for_a_block_of_about_its_size) {
  pool_resource pool(&memory, unguarded);
  pool.deallocate(pool.allocate(64_MiB, 8), 64_MiB, 8);
  const std::size_t before = memory.allocations();
  pool.deallocate(pool.allocate(60_MiB, 8), 60_MiB, 8);
  BOOST_TEST(memory.allocations() == before);
  pool.deallocate(pool.allocate(20_MiB, 8), 20_MiB, 8);
  // It would waste more than an eighth.
  BOOST_TEST(memory.allocations() == before + 1);
}

BOOST_AUTO_TEST_CASE(joins_neighbours_that_are_free) {
  pool_resource pool(&memory, unguarded);
  void* const whole = pool.allocate(8_MiB, 8);
  pool.deallocate(whole, 8_MiB, 8);
  const std::size_t before = memory.allocations();
  std::mt19937 random(1);
  for (int round = 0; round != 50; ++round) {
    std::vector<std::pair<void*, std::size_t>> live;
    std::size_t bytes = 0;
    while (live.size() < 100 && bytes < 4_MiB) {
      const std::size_t n = 65_KiB + random() % 200_KiB;
      live.emplace_back(pool.allocate(n, 8), n);
      bytes += pool.good_size(n, 8);
    }
    std::shuffle(live.begin(), live.end(), random);
    for (const auto& [p, n] : live) pool.deallocate(p, n, 8);
    BOOST_TEST(pool.statistics().used_bytes == 0U);
    void* const again = pool.allocate(8_MiB, 8);
    pool.deallocate(again, 8_MiB, 8);
    BOOST_TEST_INFO("round " << round);
    BOOST_TEST_REQUIRE(memory.allocations() == before);
  }
}

BOOST_AUTO_TEST_CASE(never_hands_out_a_byte_twice) {
  pool_resource pool(&memory, unguarded);
  std::mt19937 random(2);
  block_list live(pool);
  std::vector<std::size_t> sizes;
  const auto random_size = [&] { return random() % (std::size_t{1} << (12 + random() % 12)); };
  for (int i = 0; i != 4000; ++i) {
    if (sizes.size() < 60 || random() % 2 == 0) {
      sizes.push_back(random_size());
      live.add(sizes.back(), std::size_t{1} << random() % 23);
    }
    if (sizes.size() > 20) {
      const std::size_t at = random() % sizes.size();
      live.remove(at, sizes[at]);
      sizes.erase(sizes.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (i % 100 == 0) {
      live.check_all();
      live.check_distinct();
    }
    if (i % 700 == 0) pool.trim();
  }
  while (!sizes.empty()) {
    live.remove(sizes.size() - 1, sizes.back());
    sizes.pop_back();
  }
  BOOST_TEST(pool.statistics().live_bytes == 0U);
  pool.trim();
  BOOST_TEST(pool.statistics().used_bytes == 0U);
  BOOST_TEST(memory.live_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(keeps_no_more_than_its_limit) {
  for (const std::size_t limit : {std::size_t{0}, 40_MiB}) {
    pool_resource pool(&memory, {.retained = limit, .guarding = guarding::off});
    for (int round = 0; round != 3; ++round) {
      std::vector<std::pair<void*, std::size_t>> live;
      for (const std::size_t bytes : {32_MiB, 20_MiB, 3_MiB, 65_KiB, 17_MiB, 64_MiB}) {
        live.emplace_back(pool.allocate(bytes, 8), bytes);
      }
      for (const auto& [p, bytes] : live) {
        pool.deallocate(p, bytes, 8);
        BOOST_TEST(pool.statistics().retained_bytes <= limit);
      }
    }
    BOOST_TEST(memory.live_bytes() <= limit);
  }
}

BOOST_AUTO_TEST_CASE(gives_all_back_when_trimmed) {
  pool_resource pool(&memory, unguarded);
  const auto churn = [&] {
    std::vector<std::pair<void*, std::size_t>> live;
    for (std::size_t i = 0; i != 300; ++i) {
      const std::size_t bytes = i % 50 == 0 ? 20_MiB : i * 7919 % 300'000;
      live.emplace_back(pool.allocate(bytes, 8), bytes);
    }
    for (const auto& [p, bytes] : live) pool.deallocate(p, bytes, 8);
  };
  for (int round = 0; round != 3; ++round) {
    churn();
    const std::size_t before = memory.live_bytes();
    const std::size_t used = pool.statistics().used_bytes;
    const std::size_t gone = pool.trim();
    // Of slabs what was used of them.
    BOOST_TEST(gone >= 6 * 20_MiB + used);
    BOOST_TEST(gone <= before);
    BOOST_TEST(memory.live_blocks() == 0U);
    const pool_statistics s = pool.statistics();
    BOOST_TEST(s.mapped_bytes == 0U);
    BOOST_TEST(s.retained_bytes == 0U);
    BOOST_TEST(s.used_bytes == 0U);
  }
  BOOST_TEST(pool.trim() == 0U);
}

BOOST_AUTO_TEST_CASE(keeps_live_ones_when_trimmed) {
  pool_resource pool(&memory, unguarded);
  block_list live(pool);
  for (std::size_t i = 0; i != 400; ++i) live.add(i * 7919 % 300'000, std::size_t{1} << i % 16);
  // Every other one goes: what is removed at i was added as 2 * i.
  for (std::size_t i = 0; i != 100; ++i) live.remove(i, i * 2 * 7919 % 300'000);
  pool.trim();
  for (std::size_t i = 0; i != 100; ++i) live.add(i * 7919 % 300'000, 8);
  live.check_all();
  live.check_distinct();
}

BOOST_AUTO_TEST_CASE(lets_go_of_what_was_free_for_long) {
  pool_resource pool(&memory, {.decay = 1ms, .guarding = guarding::off});
  // Blocks up to 16 MiB come from slabs, which go as a whole over an upstream that is no area.
  for (const std::size_t bytes : {17_MiB, 64_MiB}) {
    pool.deallocate(pool.allocate(bytes, 8), bytes, 8);
    BOOST_TEST(pool.statistics().retained_bytes >= bytes);
    BOOST_TEST(comes_true([&] {
      pool.deallocate(pool.allocate(65_KiB, 8), 65_KiB, 8);
      return pool.statistics().retained_bytes < bytes;
    }));
  }
}

BOOST_AUTO_TEST_CASE(keeps_what_is_used_all_the_time) {
  pool_resource pool(&memory, {.decay = std::chrono::milliseconds::max(), .guarding = guarding::off});
  pool.deallocate(pool.allocate(32_MiB, 8), 32_MiB, 8);
  const std::size_t before = memory.allocations();
  for (int i = 0; i != 20; ++i) {
    std::this_thread::sleep_for(1ms);
    pool.deallocate(pool.allocate(32_MiB, 8), 32_MiB, 8);
  }
  BOOST_TEST(memory.allocations() == before);
}

BOOST_AUTO_TEST_CASE(gives_small_blocks_back_to_upstream_when_trimmed) {
  pool_resource pool(&memory, unguarded);
  std::vector<void*> live;
  for (int i = 0; i != 100'000; ++i) live.push_back(pool.allocate(100, 8));
  // One of each hundred stays, then none.
  for (std::size_t i = 0; i != live.size(); ++i) {
    if (i % 100 != 0) pool.deallocate(live[i], 100, 8);
  }
  pool.trim();
  BOOST_TEST(pool.statistics().live_blocks == 1000U);
  for (std::size_t i = 0; i < live.size(); i += 100) pool.deallocate(live[i], 100, 8);
  pool.trim();
  BOOST_TEST(pool.statistics().used_bytes == 0U);
  BOOST_TEST(memory.live_blocks() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
