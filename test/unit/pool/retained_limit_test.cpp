// What all pools of the process keep for reuse together, and its limit.
#include <acre/bytes.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "support/checking_resource.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

/// Pools whose blocks are above 16 MiB: mappings, which go back to upstream one by one.
struct pools_of_mappings {
  explicit pools_of_mappings(std::size_t limit = 64_MiB) : before(set_retained_limit(limit)) {}
  ~pools_of_mappings() { set_retained_limit(before); }
  pools_of_mappings(const pools_of_mappings&) = delete;
  pools_of_mappings& operator=(const pools_of_mappings&) = delete;

  static void use(pool_resource& pool, std::size_t bytes) {
    pool.deallocate(pool.allocate(bytes, 8), bytes, 8);
  }
  static void use(pool_resource& pool, std::initializer_list<std::size_t> sizes) {
    std::vector<void*> live;
    for (const std::size_t bytes : sizes) live.push_back(pool.allocate(bytes, 8));
    for (std::size_t i = 0; i != live.size(); ++i) pool.deallocate(live[i], sizes.begin()[i], 8);
  }
  static std::size_t kept(const pool_resource& pool) { return pool.statistics().retained_bytes; }

  std::size_t before;
  checking_resource memory;
  pool_options unguarded{.guarding = guarding::off};
  pool_resource first{&memory, unguarded};
  pool_resource second{&memory, unguarded};
  pool_resource third{&memory, unguarded};
};

BOOST_FIXTURE_TEST_SUITE(all_pools_together, pools_of_mappings)

BOOST_AUTO_TEST_CASE(have_a_limit_that_can_be_set) {
  BOOST_TEST(before >= 1_MiB);
  BOOST_TEST(before < std::size_t{1} << 48);
  BOOST_TEST(retained_limit() == 64_MiB);
  BOOST_TEST(set_retained_limit(0) == 64_MiB);
  BOOST_TEST(set_retained_limit(SIZE_MAX) == 0U);
  BOOST_TEST(retained_limit() >= SIZE_MAX / 2);
}

BOOST_AUTO_TEST_CASE(keep_no_more_than_their_limit) {
  for (int round = 0; round != 5; ++round) {
    for (pool_resource* const p : {&first, &second, &third}) {
      use(*p, {20_MiB, 24_MiB, 28_MiB});
      BOOST_TEST(kept(first) + kept(second) + kept(third) <= 64_MiB + 3 * 1_MiB);
    }
  }
  BOOST_TEST(kept(first) != 0U);
  BOOST_TEST(memory.live_bytes() <= 64_MiB + 3 * 1_MiB);
}

BOOST_AUTO_TEST_CASE(leave_alone_what_others_keep) {
  use(first, 60_MiB);
  use(second, {20_MiB, 24_MiB});
  BOOST_TEST(kept(first) == 60_MiB);
  BOOST_TEST(kept(second) == 0U);
}

BOOST_AUTO_TEST_CASE(keep_what_others_need_no_more) {
  use(first, 60_MiB);
  use(second, 40_MiB);
  BOOST_TEST(kept(second) == 0U);
  void* const again = first.allocate(60_MiB, 8);
  use(second, 40_MiB);
  BOOST_TEST(kept(second) == 40_MiB);
  first.deallocate(again, 60_MiB, 8);
  BOOST_TEST(kept(first) == 0U);
  second.trim();
  use(first, 60_MiB);
  BOOST_TEST(kept(first) == 60_MiB);
  first.release();
  use(second, 60_MiB);
  BOOST_TEST(kept(second) == 60_MiB);
}

BOOST_AUTO_TEST_CASE(keep_what_pools_that_are_gone_kept) {
  for (int i = 0; i != 3; ++i) {
    pool_resource brief(&memory, unguarded);
    use(brief, 60_MiB);
    BOOST_TEST(kept(brief) == 60_MiB);
  }
}

BOOST_AUTO_TEST_CASE(keep_a_little_each_whatever_the_others_do) {
  use(first, 64_MiB);
  use(second, 1_MiB);
  const std::size_t before_all = memory.allocations();
  for (std::size_t i = 0; i != 100; ++i) use(second, 1_MiB - i * 8_KiB);
  BOOST_TEST(memory.allocations() == before_all);
}

BOOST_AUTO_TEST_CASE(go_down_to_a_lower_limit_when_they_free) {
  use(first, {20_MiB, 24_MiB});
  set_retained_limit(0);
  BOOST_TEST(kept(first) == 44_MiB);
  use(first, 20_MiB);
  BOOST_TEST(kept(first) == 0U);
}

BOOST_AUTO_TEST_CASE(keep_no_more_than_each_its_own_limit) {
  set_retained_limit(SIZE_MAX);
  pool_resource limited(&memory, {.retained = 30_MiB, .guarding = guarding::off});
  use(limited, {20_MiB, 24_MiB});
  BOOST_TEST(kept(limited) <= 30_MiB);
  use(first, {200_MiB, 300_MiB});
  BOOST_TEST(kept(first) == 500_MiB);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
