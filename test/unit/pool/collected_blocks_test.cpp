// A thread that frees blocks of a class and has allocated none: what its cache makes of blocks that were others'.
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "cached_blocks.hpp"
#include "support/print.hpp"
#include "support/thread.hpp"

namespace acre::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(the_cache_of_a_thread_that_only_frees, a_pool)

BOOST_AUTO_TEST_CASE(hands_on_what_it_got_and_hands_out_other_blocks) {
  std::vector<void*> handed;
  for (int i = 0; i != 3; ++i) handed.push_back(take(pool));
  in_thread([&] {
    for (void* const p : handed) give(pool, p);
    void* const mine = take(pool);
    for (void* const p : handed) BOOST_TEST(mine != p);
    BOOST_TEST(cache_here(pool)->bins[chosen].spare == nullptr);
    BOOST_TEST(counted().flushes == 1U);
    // From now on it is a thread like others.
    give(pool, mine);
    BOOST_TEST(take(pool) == mine);
    give(pool, mine);
  });
  BOOST_TEST(counted().live_blocks == 0U);
  pool.reclaim_caches();
  BOOST_TEST(take_all_central_ones() == blocks());
}

BOOST_AUTO_TEST_CASE(goes_on_as_usual_after_a_full_list) {
  const std::size_t list_blocks = pool.list(chosen).shape().list_blocks;
  BOOST_TEST_REQUIRE(blocks() > list_blocks + 1);
  std::vector<void*> handed;
  for (std::size_t i = 0; i != list_blocks + 2; ++i) handed.push_back(take(pool));
  in_thread([&] {
    const detail::cache_bin& bin = cache_here(pool)->bins[chosen];
    for (std::size_t i = 0; i != list_blocks; ++i) {
      BOOST_TEST_REQUIRE(!bin.has_room());
      give(pool, handed[i]);
    }
    BOOST_TEST(!bin.is_collecting());
    BOOST_TEST(bin.limit - bin.surplus() == list_blocks);
    give(pool, handed[list_blocks]);
    give(pool, handed[list_blocks + 1]);
    BOOST_TEST(bin.limit - bin.surplus() == list_blocks - 2);
    const std::uint64_t refills = counted().refills;
    for (std::size_t i = 0; i != list_blocks + 2; ++i) take(pool);
    BOOST_TEST(counted().refills == refills);
    for (void* const p : handed) give(pool, p);
  });
  pool.reclaim_caches();
  BOOST_TEST(take_all_central_ones() == blocks());
}

BOOST_AUTO_TEST_CASE(hands_out_what_it_got_rather_than_want_more_memory) {
  std::vector<void*> handed;
  for (std::size_t i = 0; i != blocks(); ++i) handed.push_back(take(pool));
  in_thread([&] {
    give(pool, handed[0]);
    give(pool, handed[1]);
    BOOST_TEST(take(pool) == handed[1]);
    BOOST_TEST(take(pool) == handed[0]);
    const detail::cache_bin& bin = cache_here(pool)->bins[chosen];
    BOOST_TEST(bin.limit - bin.surplus() == pool.list(chosen).shape().list_blocks);
  });
  for (void* const p : handed) give(pool, p);
}

BOOST_AUTO_TEST_CASE(is_taken_out_whole_and_collects_anew) {
  std::vector<void*> handed;
  for (int i = 0; i != 3; ++i) handed.push_back(take(pool));
  in_thread([&] {
    const detail::cache_bin& bin = cache_here(pool)->bins[chosen];
    for (void* const p : handed) give(pool, p);
    BOOST_TEST(bin.collected() == 3);
    pool.reclaim_caches();
    BOOST_TEST(bin.is_collecting());
    BOOST_TEST(bin.collected() == 0);
    BOOST_TEST(take_all_central_ones() == blocks());
    give(pool, handed[0]);
    give(pool, handed[1]);
    BOOST_TEST(bin.collected() == 2);
    BOOST_TEST(take(pool) == handed[1]);
    BOOST_TEST(bin.limit - bin.surplus() == pool.list(chosen).shape().list_blocks - 1);
  });
}

BOOST_AUTO_TEST_CASE(has_no_list_that_is_longer_than_a_full_one) {
  const auto full = static_cast<std::size_t>(pool.list(chosen).shape().list_blocks);
  std::vector<std::array<std::byte, 1024>> blocks(3 * full + 1);
  in_thread([&] {
    const detail::cache_bin& bin = cache_here(pool)->bins[chosen];
    const auto length = [](const detail::free_block* b) {
      std::size_t n = 0;
      for (; b != nullptr; b = b->next) ++n;
      return n;
    };
    for (auto& b : blocks) {
      give(pool, b.data());
      BOOST_TEST_REQUIRE(length(bin.head) <= full);
      BOOST_TEST_REQUIRE(length(bin.spare) <= full);
    }
    // Two lists were handed on.
    BOOST_TEST(length(bin.head) == 1U);
    BOOST_TEST(length(bin.spare) == full);
    BOOST_TEST(counted().flushes == 2U);
    pool.reclaim_caches();
  });
  BOOST_TEST(take_all_central_ones() == blocks.size() + a_pool::blocks());
}

BOOST_AUTO_TEST_CASE(is_given_back_whole_when_the_thread_ends) {
  std::vector<void*> handed;
  for (int i = 0; i != 3; ++i) handed.push_back(take(pool));
  in_thread([&] {
    for (void* const p : handed) give(pool, p);
  });
  BOOST_TEST(counted().deallocations == 3U);
  pool.reclaim_caches();
  BOOST_TEST(take_all_central_ones() == blocks());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
