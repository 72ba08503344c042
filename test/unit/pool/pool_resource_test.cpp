#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <new>
#include <vector>

#include "support/checking_resource.hpp"
#include "support/errors.hpp"
#include "support/failing_resource.hpp"
#include "support/print.hpp"
#include "support/resource_stress.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(pool_resource)
using acre::pool_resource;

BOOST_AUTO_TEST_CASE(keeps_every_alignment_up_to_4_mebibytes_at_every_size_up_to_8) {
  pool_resource pool(std::pmr::new_delete_resource(), {.guarding = guarding::off});
  for (std::size_t alignment = 1; alignment <= 4_MiB; alignment *= 2) {
    for (std::size_t power = 1; power <= 8_MiB; power *= 2) {
      for (const std::size_t bytes : {power - 1, power, power + 1, power + power / 2}) {
        void* const p = pool.allocate(bytes, alignment);
        BOOST_TEST_INFO(bytes << " bytes aligned to " << alignment);
        BOOST_TEST_REQUIRE(reinterpret_cast<std::uintptr_t>(p) % alignment == 0U);
        pool.deallocate(p, bytes, alignment);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(frees_blocks_of_every_good_size_and_alignment) {
  pool_resource pool(std::pmr::new_delete_resource(), {.guarding = guarding::off});
  for (std::size_t alignment = 1; alignment <= 4_MiB; alignment *= 4) {
    for (std::size_t bytes = 1; bytes <= 40_MiB; bytes = bytes * 5 / 4 + 3) {
      BOOST_TEST_CONTEXT(bytes << " bytes aligned to " << alignment) {
        const std::size_t good = pool.good_size(bytes, alignment);
        BOOST_TEST_REQUIRE(good >= bytes);
        pool.deallocate(pool.allocate(bytes, alignment), good, alignment);
        BOOST_TEST_REQUIRE(pool.statistics().live_blocks == 0U);
        BOOST_TEST_REQUIRE(pool.statistics().live_bytes == 0U);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(has_good_sizes_that_are_classes_or_whole_units_or_pages) {
  const pool_resource pool(std::pmr::new_delete_resource(), {.guarding = guarding::off});
  struct {
    std::size_t bytes, alignment, good;
  } const cases[] = {
      {0, 1, 16},
      {1, 8, 16},
      {17, 8, 24},
      {100, 64, 128},
      {129, 16, 144},
      {0, 64, 64},
      {0, 4096, 4096},
      {32_KiB, 8, 32_KiB},
      {32_KiB + 1, 8, 36_KiB},
      {64_KiB, 8, 64_KiB},
      {64_KiB + 1, 8, 72_KiB},
      {1, 8_KiB, 8_KiB},
      {1_MiB + 1, 8, 1_MiB + 8_KiB},
  };
  for (const auto& c : cases) {
    BOOST_TEST_INFO(c.bytes << " bytes aligned to " << c.alignment);
    BOOST_TEST(pool.good_size(c.bytes, c.alignment) == c.good);
  }
  BOOST_TEST(pool.good_size(100, 3) == 100U);  // no such block exists
  constexpr std::size_t max = std::numeric_limits<std::size_t>::max();
  BOOST_TEST(pool.good_size(max, 8) == max);
}

BOOST_AUTO_TEST_CASE(wastes_at_most_an_eighth_from_64_bytes_to_64_mebibytes) {
  for (const std::size_t largest : {std::size_t{0}, 16_KiB, 32_KiB, 64_KiB}) {
    const pool_resource pool(std::pmr::new_delete_resource(),
                             {.largest_small = largest, .guarding = guarding::off});
    // Above the small ones a unit is 8 KiB.
    for (std::size_t bytes = std::max<std::size_t>(64, largest == 0 ? 64_KiB : 64); bytes <= 64_MiB;
         bytes += bytes / 50 + 1) {
      if (bytes > largest && bytes < 64_KiB) continue;
      BOOST_TEST_INFO(bytes << " bytes");
      BOOST_TEST_REQUIRE((pool.good_size(bytes, 8) - bytes) * 8 <= bytes);
    }
  }
}

BOOST_AUTO_TEST_CASE(takes_blocks_up_to_its_largest_small_one_from_caches) {
  for (const std::size_t largest : {std::size_t{0}, std::size_t{100}, 1_KiB, 32_KiB}) {
    checking_resource memory;
    pool_resource pool(&memory, {.largest_small = largest, .guarding = guarding::off});
    BOOST_TEST(pool.options().largest_small == largest);
    block_list live(pool);
    for (const std::size_t bytes : {largest / 2, largest, largest + 1, 2 * largest + 1}) {
      for (const std::size_t alignment : {1U, 64U, 4096U}) live.add(bytes, alignment);
    }
    live.check_all();
    live.check_distinct();
  }
}

BOOST_AUTO_TEST_CASE(takes_no_more_than_its_limit) {
  checking_resource memory;
  pool_resource pool(&memory, {.limit = 256_KiB, .guarding = guarding::off});
  std::vector<void*> blocks;
  BOOST_CHECK_EXCEPTION(for (;;) blocks.push_back(pool.allocate(1_KiB)), allocation_error,
                        with_code(errc::pool_limit));
  BOOST_TEST(blocks.size() >= 200U);
  BOOST_TEST(pool.statistics().used_bytes <= 256_KiB);
  BOOST_CHECK_EXCEPTION(static_cast<void>(pool.allocate(200_KiB)), allocation_error,
                        with_code(errc::pool_limit));
  // Free blocks of caches count, and go for what is wanted now.
  for (void* p : blocks) pool.deallocate(p, 1_KiB);
  BOOST_TEST(pool.statistics().used_bytes > 200_KiB);
  pool.deallocate(pool.allocate(200_KiB), 200_KiB);
  pool.deallocate(pool.allocate(1_KiB), 1_KiB);
}

BOOST_AUTO_TEST_CASE(over_anything_but_an_area_has_no_status) {
  checking_resource memory;
  BOOST_TEST(!pool_resource(&memory).status());
}

BOOST_AUTO_TEST_CASE(refuses_options_outside_their_range) {
  using namespace std::chrono_literals;
  const pool_options wrong[] = {{.limit = 8_KiB - 1}, {.decay = -1ms}, {.largest_small = 64_KiB + 1}};
  for (const pool_options& o : wrong) {
    BOOST_CHECK_EXCEPTION(pool_resource(std::pmr::new_delete_resource(), o), error,
                          with_code(errc::invalid_argument));
  }
  BOOST_CHECK_EXCEPTION(pool_resource(static_cast<std::pmr::memory_resource*>(nullptr)), error,
                        with_code(errc::invalid_argument));
  const pool_options right[] = {{.retained = 0},      {.retained = std::numeric_limits<std::size_t>::max()},
                                {.decay = 0ms},       {.decay = std::chrono::milliseconds::max()},
                                {.cached = 0},        {.cached = 1},
                                {.largest_small = 0}, {.largest_small = 64_KiB}};
  for (const pool_options& o : right) {
    checking_resource memory;
    pool_resource pool(&memory, o);
    block_list live(pool);
    for (std::size_t i = 0; i != 300; ++i) live.add(i * 977 % 100'000, std::size_t{1} << i % 13);
    live.check_all();
    live.check_distinct();
  }
}

BOOST_AUTO_TEST_CASE(tells_its_upstream_and_options) {
  checking_resource memory;
  const pool_resource pool(&memory, {.cached = 1_KiB});
  BOOST_TEST(pool.upstream_resource() == &memory);
  BOOST_TEST(pool.options().cached == 1_KiB);
}

BOOST_AUTO_TEST_CASE(asks_upstream_for_nothing_before_the_first_block) {
  checking_resource memory;
  const pool_resource pool(&memory);
  BOOST_TEST(memory.allocations() == 0U);
}

BOOST_AUTO_TEST_CASE(needs_few_blocks_from_upstream) {
  checking_resource memory;
  pool_resource pool(&memory, {.guarding = guarding::off});
  for (std::size_t i = 0; i != 100'000; ++i) static_cast<void>(pool.allocate(i * 7 % 1000, 8));
  BOOST_TEST(memory.allocations() <= 10U);
  BOOST_TEST(memory.live_bytes() <= 160_MiB);
  pool.release();
  BOOST_TEST(memory.live_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(is_as_good_as_new_after_release) {
  for (const guarding g : {guarding::off, guarding::on}) {
    checking_resource memory;
    pool_resource pool(&memory, {.guarding = g});
    for (int round = 0; round != 3; ++round) {
      std::vector<filled_block> live;
      for (std::size_t i = 0; i != 1000; ++i) {
        const filled_block b(pool, i * 131 % 50'000, 8, i * 131 % 50'000, static_cast<unsigned char>(i));
        BOOST_TEST(b.is_aligned());
        if (i % 3 == 0) {
          pool.deallocate(b.p, b.bytes, b.alignment);
        } else {
          live.push_back(b);
        }
      }
      BOOST_TEST(std::ranges::all_of(live, &filled_block::is_intact));
      pool.release();
      BOOST_TEST(memory.live_blocks() == 0U);
      const pool_statistics s = pool.statistics();
      BOOST_TEST(s.live_blocks == 0U);
      BOOST_TEST(s.live_bytes == 0U);
      BOOST_TEST(s.used_bytes == 0U);
      BOOST_TEST(s.mapped_bytes == 0U);
      BOOST_TEST(s.retained_bytes == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(gives_live_blocks_upstream_at_its_end) {
  for (const guarding g : {guarding::off, guarding::on}) {
    checking_resource memory;
    {
      pool_resource pool(&memory, {.guarding = g});
      for (const std::size_t bytes : {40_KiB, 4_MiB, 32_MiB, 48_MiB + 5})
        static_cast<void>(pool.allocate(bytes));
      for (int i = 0; i != 100; ++i) static_cast<void>(pool.allocate(100, 64));
      BOOST_TEST(memory.live_blocks() > 0U);
    }
    BOOST_TEST(memory.live_blocks() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(loses_nothing_when_upstream_fails_at_any_point) {
  for (const guarding g : {guarding::off, guarding::on}) {
    const std::size_t points = for_each_failure_point([g](std::pmr::memory_resource& upstream) {
      pool_resource pool(&upstream, {.guarding = g});
      block_list live(pool);
      const std::size_t sizes[] = {40,     64_KiB,     1_MiB, 3_MiB, 10_MiB, 17_MiB,
                                   33_MiB, 33_MiB + 1, 24,    5_MiB, 100'000};
      for (const std::size_t bytes : sizes) {
        const std::size_t before = pool.statistics().live_blocks;
        try {
          live.add(bytes, bytes == 5_MiB ? 4_MiB : 8);
        } catch (const std::bad_alloc&) {
          BOOST_TEST(pool.statistics().live_blocks == before);
          live.add(bytes, bytes == 5_MiB ? 4_MiB : 8);
        }
      }
      live.check_all();
      live.check_distinct();
    });
    BOOST_TEST(points > 3U);
  }
}

BOOST_AUTO_TEST_CASE(goes_on_over_an_upstream_that_has_no_more) {
  static std::array<std::byte, 6_MiB> buffer;
  for (const std::size_t bytes : {64_KiB, std::size_t{1000}, std::size_t{16}}) {
    std::pmr::monotonic_buffer_resource upstream(buffer.data(), buffer.size(),
                                                 std::pmr::null_memory_resource());
    pool_resource pool(&upstream, {.guarding = guarding::off});
    std::vector<void*> live;
    std::size_t most = 0;
    for (int round = 0; round != 5; ++round) {
      try {
        for (;;) live.push_back(pool.allocate(bytes, 8));
      } catch (const std::bad_alloc&) {
      }
      if (round == 0) most = live.size();
      BOOST_TEST_INFO(bytes << " bytes, in round " << round);
      BOOST_TEST(live.size() == most);
      // All, or every other one.
      const std::size_t stay = round % 2 == 0 ? 0 : live.size() / 2;
      for (; live.size() > stay; live.pop_back()) pool.deallocate(live.back(), bytes, 8);
    }
    BOOST_TEST(most * bytes >= buffer.size() / 2);
    for (void* const p : live) pool.deallocate(p, bytes, 8);
  }
}

BOOST_AUTO_TEST_CASE(is_equal_to_itself_only) {
  pool_resource one(std::pmr::new_delete_resource());
  pool_resource other(std::pmr::new_delete_resource());
  BOOST_TEST(one.is_equal(one));
  BOOST_TEST(!one.is_equal(other));
}

BOOST_AUTO_TEST_CASE(refuses_an_alignment_that_is_no_power_of_two) {
  pool_resource pool(std::pmr::new_delete_resource());
  for (const std::size_t wrong : {std::size_t{0}, std::size_t{3}, std::size_t{12}, 64_KiB + 1}) {
    // Not a constant, or clang refuses it at compile time.
    const volatile std::size_t alignment = wrong;
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{8}, 1_MiB}) {
      BOOST_TEST_INFO(bytes << " bytes aligned to " << wrong);
      BOOST_CHECK_EXCEPTION(static_cast<void>(pool.allocate(bytes, alignment)), allocation_error,
                            with_code(errc::invalid_alignment));
    }
  }
  BOOST_TEST(pool.statistics().live_blocks == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
