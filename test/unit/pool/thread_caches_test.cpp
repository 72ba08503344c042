// The caches that threads have of a pool: made, found again, given back at their end, taken out by others.
#include "pool/thread_caches.hpp"

#include <acre/bytes.hpp>

#include "cached_blocks.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "support/print.hpp"
#include "support/thread.hpp"

namespace acre::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(a_threads_cache, a_pool)

BOOST_AUTO_TEST_CASE(is_its_own_and_of_one_pool) {
  cached_pool other(detail::class_count, 64_KiB);
  thread_cache* const mine = cache_here(pool);
  BOOST_TEST_REQUIRE(mine != nullptr);
  thread_cache* const of_other = cache_here(other);
  BOOST_TEST(of_other != mine);
  BOOST_TEST(cache_here(pool) == mine);
  BOOST_TEST(cache_here(other) == of_other);
  in_thread([&] {
    BOOST_TEST(cache_here(pool) != mine);
    BOOST_TEST(counted().thread_caches == 2U);
  });
  BOOST_TEST(counted().thread_caches == 1U);
  other.end_caches();
}

BOOST_AUTO_TEST_CASE(is_at_hand_once_it_was_asked_for) {
  cached_pool other(detail::class_count, 64_KiB);
  cache_here(pool);
  BOOST_TEST(detail::enter(pool.id()));
  BOOST_TEST(detail::this_thread.bins == cache_of(pool)->bins.data());
  detail::leave();
  cache_here(other);
  BOOST_TEST(!detail::enter(pool.id()));
  BOOST_TEST(detail::take_up(pool.id()));
  BOOST_TEST(!detail::take_up(other.id() + 1000));
  BOOST_TEST(detail::enter(pool.id()));
  detail::leave();
  other.end_caches();
}

/// Whether node_pools have the cache at hand, in which this thread has the bins of `pool`.
bool is_at_hand(std::uint64_t pools_id, cached_pool& pool) noexcept {
  const bool found = detail::enter_pools(pools_id);
  const bool right = detail::this_thread.pools_bins == cache_of(pool)->bins.data();
  detail::leave();
  return found && right;
}
bool is_any_at_hand(std::uint64_t pools_id) noexcept {
  const bool found = detail::enter_pools(pools_id);
  detail::leave();
  return found;
}
bool take_up_pools(std::uint64_t pools_id, std::uint64_t pool_id, unsigned cpu,
                   detail::owner_map::entry own) {
  const busy inside;
  return detail::take_up_pools(pools_id, pool_id, cpu, own);
}

BOOST_AUTO_TEST_CASE(is_at_hand_for_node_pools_beside_that_of_the_pool_used_last) {
  cached_pool other(detail::class_count, 64_KiB);
  const std::uint64_t pools_id = next_pool_id();
  cache_here(pool);
  cache_here(other);
  BOOST_TEST(!is_any_at_hand(pools_id));
  BOOST_TEST(take_up_pools(pools_id, pool.id(), 3, 77));
  BOOST_TEST(is_at_hand(pools_id, pool));
  BOOST_TEST(detail::this_thread.cpu == 3U);
  BOOST_TEST(detail::this_thread.own_granule == 77U);
  cache_here(other);
  BOOST_TEST(detail::enter(other.id()));
  detail::leave();
  BOOST_TEST(is_at_hand(pools_id, pool));
  BOOST_TEST(!is_any_at_hand(next_pool_id()));
  BOOST_TEST(take_up_pools(pools_id, other.id(), 4, 78));
  BOOST_TEST(is_at_hand(pools_id, other));
  // What was at hand does not pass for what is not there.
  BOOST_TEST(!take_up_pools(pools_id, next_pool_id(), 5, 79));
  BOOST_TEST(!is_any_at_hand(pools_id));
  other.end_caches();
}

BOOST_AUTO_TEST_CASE(is_not_at_hand_for_node_pools_once_others_took_it_out_or_its_pool_forgot_all) {
  const std::uint64_t pools_id = next_pool_id();
  cache_here(pool);
  BOOST_TEST(take_up_pools(pools_id, pool.id(), 0, 1));
  in_thread([&] { pool.reclaim_caches(); });
  BOOST_TEST(!is_any_at_hand(pools_id));
  BOOST_TEST(take_up_pools(pools_id, pool.id(), 0, 1));
  pool.clear();
  BOOST_TEST(!is_any_at_hand(pools_id));
}

BOOST_AUTO_TEST_CASE(is_found_among_those_of_a_thousand_pools) {
  std::vector<std::unique_ptr<cached_pool>> pools;
  std::vector<thread_cache*> caches;
  for (int i = 0; i != 1000; ++i) {
    pools.push_back(std::make_unique<cached_pool>(size_class{1}, 64_KiB));
    caches.push_back(cache_here(*pools.back()));
  }
  BOOST_TEST(std::set<thread_cache*>(caches.begin(), caches.end()).size() == 1000U);
  for (std::size_t i = 0; i != 1000; ++i) BOOST_TEST_REQUIRE(cache_here(*pools[i]) == caches[i]);
  // Every other pool ends; the others' are found still.
  for (std::size_t i = 0; i < 1000; i += 2) pools[i]->end_caches();
  for (int i = 0; i != 100; ++i) {
    pools.push_back(std::make_unique<cached_pool>(size_class{1}, 64_KiB));
    cache_here(*pools.back());
  }
  for (std::size_t i = 1; i < 1000; i += 2) BOOST_TEST_REQUIRE(cache_here(*pools[i]) == caches[i]);
  for (const auto& p : pools) p->end_caches();
}

BOOST_AUTO_TEST_CASE(has_no_room_for_classes_that_are_not_in_use_and_none_where_nothing_is_cached) {
  cached_pool few(3, 64_KiB);
  BOOST_TEST(few.has_class(2));
  BOOST_TEST(!few.has_class(3));
  const thread_cache* const cache = cache_here(few);
  BOOST_TEST(cache->bins[2].is_collecting());
  BOOST_TEST(!cache->bins[3].has_room());
  BOOST_TEST(!cache->bins[3].is_collecting());
  few.end_caches();
  cached_pool none(3, 0);
  BOOST_TEST(!none.is_cached());
  BOOST_TEST(!cache_here(none)->bins[2].has_room());
  BOOST_TEST(!cache_here(none)->bins[2].is_collecting());
  none.end_caches();
}

BOOST_AUTO_TEST_CASE(is_given_back_when_the_thread_ends) {
  void* live = nullptr;
  in_thread([&] {
    live = take(pool);
    void* const p = take(pool);
    void* const q = take(pool);
    give(pool, p);
    give(pool, q);
    BOOST_TEST(counted().thread_caches == 1U);
  });
  const pool_statistics s = counted();
  BOOST_TEST(s.thread_caches == 0U);
  BOOST_TEST(s.allocations == 3U);
  BOOST_TEST(s.deallocations == 2U);
  BOOST_TEST(s.live_blocks == 1U);
  BOOST_TEST(take_all_central_ones() == blocks() - 1);
}

BOOST_AUTO_TEST_CASE(of_full_and_other_lists_is_given_back_whole) {
  in_thread([&] {
    const std::size_t list_blocks = pool.list(chosen).shape().list_blocks;
    std::vector<void*> live;
    for (std::size_t i = 0; i != list_blocks + 5; ++i) live.push_back(take(pool));
    for (void* const p : live) give(pool, p);
    BOOST_TEST_REQUIRE(cache_here(pool)->bins[chosen].spare != nullptr);
  });
  BOOST_TEST(take_all_central_ones() == blocks());
}

BOOST_AUTO_TEST_CASE(is_none_once_it_was_given_back) {
  std::atomic<int> after_the_end = -1;
  in_thread([&] {
    // Destroyed after the caches, which are made later.
    struct last {
      ~last() { *result = cache_here(*of) == nullptr ? 1 : 0; }
      cached_pool* of = nullptr;
      std::atomic<int>* result = nullptr;
    };
    thread_local last l;
    l.of = &pool;
    l.result = &after_the_end;
    BOOST_TEST(cache_here(pool) != nullptr);
  });
  BOOST_TEST(after_the_end == 1);
}

BOOST_AUTO_TEST_CASE(ends_with_its_pool_and_not_the_thread_with_it) {
  auto brief = std::make_unique<cached_pool>(detail::class_count, 64_KiB);
  const std::uint64_t id = brief->id();
  cache_here(*brief);
  brief->end_caches();
  brief = nullptr;
  BOOST_TEST(cache_here(pool) != nullptr);
  BOOST_TEST(pool.id() != id);
}

BOOST_AUTO_TEST_CASE(is_another_after_all_blocks_were_forgotten) {
  take(pool);
  const std::uint64_t before = pool.id();
  pool.clear();
  BOOST_TEST(pool.id() != before);
  BOOST_TEST(counted().thread_caches == 0U);
  BOOST_TEST(counted().allocations == 1U);
  BOOST_TEST(counted().live_blocks == 0U);
  BOOST_TEST(cache_here(pool)->bins[chosen].head == nullptr);
}

// The thread is within the pool still, though nothing finds its cache any more.
BOOST_AUTO_TEST_CASE(is_waited_for_where_it_is_just_given_back) {
  std::latch is_leaving(1);
  std::latch may_leave(1);
  std::atomic<bool> has_ended = false;
  std::thread leaver([&] {
    cached_pool::reclaimed_lists lists;
    thread_cache cache;
    {
      const std::lock_guard guard(cached_pool::mutex());
      pool.prepare(cache);
      pool.add(cache);
      pool.remove(cache, lists);
    }
    is_leaving.count_down();
    may_leave.wait();
    pool.give(lists);
    pool.has_left();
  });
  is_leaving.wait();
  std::thread end([&] {
    pool.end_caches();
    has_ended = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  BOOST_TEST(!has_ended);
  may_leave.count_down();
  leaver.join();
  end.join();
  BOOST_TEST(has_ended);
}

/// Another thread with blocks in its cache of the pool, which does what it is told.
class other_thread {
 public:
  explicit other_thread(cached_pool& pool) : x_pool(pool), x_thread([this] { run(); }) { wait_until_done(); }
  other_thread(const other_thread&) = delete;
  other_thread& operator=(const other_thread&) = delete;
  ~other_thread() {
    tell(order::end);
    x_thread.join();
  }
  void use_the_cache() { tell_and_wait(order::use); }
  void go_inside() { tell_and_wait(order::go_inside); }
  void come_out() { tell_and_wait(order::come_out); }

 private:
  enum class order { none, use, go_inside, come_out, end };

  void run() {
    use();
    for (;;) {
      x_order = order::none;
      x_order.notify_all();
      x_order.wait(order::none);
      switch (x_order.load()) {
        case order::use:
          use();
          break;
        case order::go_inside:
          detail::enter(0);
          break;
        case order::come_out:
          detail::leave();
          break;
        case order::none:
        case order::end:
          return;
      }
    }
  }
  void use() {
    void* const p = take(x_pool);
    give(x_pool, p);
  }
  void tell(order o) {
    x_order = o;
    x_order.notify_all();
  }
  void tell_and_wait(order o) {
    tell(o);
    x_order.wait(o);
  }
  void wait_until_done() { x_order.wait(order::use); }

  cached_pool& x_pool;
  std::atomic<order> x_order = order::use;
  std::thread x_thread;
};

BOOST_AUTO_TEST_CASE(is_taken_out_by_another_thread) {
  other_thread other(pool);
  pool.reclaim_caches();
  BOOST_TEST(counted().thread_caches == 1U);
  BOOST_TEST(take_all_central_ones() == blocks());
}

BOOST_AUTO_TEST_CASE(has_as_much_room_as_before_when_it_was_taken_out) {
  const detail::cache_bin& bin = cache_here(pool)->bins[chosen];
  give(pool, take(pool));
  BOOST_TEST(bin.head != nullptr);
  pool.reclaim_caches();
  BOOST_TEST(bin.head == nullptr);
  BOOST_TEST(bin.limit - bin.surplus() == pool.list(chosen).shape().list_blocks);
}

BOOST_AUTO_TEST_CASE(is_good_after_it_was_taken_out) {
  other_thread other(pool);
  pool.reclaim_caches();
  other.use_the_cache();
  BOOST_TEST(counted().allocations == 2U);
  BOOST_TEST(counted().live_blocks == 0U);
  pool.reclaim_caches();
  BOOST_TEST(take_all_central_ones() == blocks());
}

BOOST_AUTO_TEST_CASE(is_left_alone_while_its_thread_is_inside) {
  other_thread other(pool);
  other.go_inside();
  pool.reclaim_caches();
  BOOST_TEST(take_all_central_ones() < blocks());
  other.come_out();
  pool.reclaim_caches();
  BOOST_TEST(take_all_central_ones() != 0U);
}

BOOST_AUTO_TEST_CASE(is_taken_out_as_idle_only_if_nobody_used_it_since_the_last_look) {
  other_thread other(pool);
  const std::size_t central = take_all_central_ones();
  BOOST_TEST_REQUIRE(central < blocks());
  pool.reclaim_idle_caches();  // sees it for the first time
  BOOST_TEST(take_all_central_ones() == 0U);
  other.use_the_cache();
  pool.reclaim_idle_caches();
  BOOST_TEST(take_all_central_ones() == 0U);
  pool.reclaim_idle_caches();
  BOOST_TEST(take_all_central_ones() == blocks() - central);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
