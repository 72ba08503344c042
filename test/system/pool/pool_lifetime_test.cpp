// Beginnings and ends: of threads, pools and processes, in every order.
#include <acre/bytes.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <barrier>
#include <cstddef>
#include <fstream>
#include <functional>
#include <latch>
#include <memory>
#include <memory_resource>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "support/kernel.hpp"
#include "support/print.hpp"
#include "support/resource_stress.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {
namespace {

const pool_options unguarded{.guarding = guarding::off};

std::unique_ptr<pool_resource> make_pool(pool_options o = unguarded) {
  return std::make_unique<pool_resource>(placement::unbound(), std::move(o));
}

/// What tests do with a pool, in any thread. What was wrong with blocks fails the test at its end.
class users_of_pools {
 public:
  /// Blocks of all small sizes, and some large ones; most of them freed again.
  std::vector<filled_block> leave_some_live(std::pmr::memory_resource& r, std::size_t count) {
    std::vector<filled_block> live;
    for (std::size_t i = 0; i != count; ++i) {
      const std::size_t bytes = i % 100 == 0 ? 100'000 : i * 37 % 5000;
      const filled_block b(r, bytes, 8, bytes, static_cast<unsigned char>(i));
      if (i % 10 == 0) {
        faults.look_at(b);
        live.push_back(b);
      } else {
        free_one(r, b);
      }
    }
    return live;
  }

  void free_all(std::pmr::memory_resource& r, std::vector<filled_block>& blocks) {
    for (const filled_block& b : blocks) free_one(r, b);
    blocks.clear();
  }

  void look_at_all(const std::vector<filled_block>& blocks) {
    for (const filled_block& b : blocks) faults.look_at(b);
  }

  void teardown() { faults.expect_none(); }

  block_faults faults;

 private:
  void free_one(std::pmr::memory_resource& r, const filled_block& b) {
    faults.look_at(b);
    r.deallocate(b.p, b.bytes, b.alignment);
  }
};

/// Nothing is lost: all of it is free, and all of it goes back.
void expect_all_back(pool_resource& pool) {
  BOOST_TEST(pool.statistics().live_blocks == 0U);
  pool.trim();
  const pool_statistics s = pool.statistics();
  BOOST_TEST_CONTEXT(s) {
    BOOST_TEST(s.used_bytes == 0U);
    BOOST_TEST(s.mapped_bytes == 0U);
  }
}

/// Frees and allocates when its thread ends.
struct at_thread_exit {
  std::function<void()> what;
  ~at_thread_exit() {
    if (what) what();
  }
};

/// Made when it is first asked for, and destroyed in the opposite order.
at_thread_exit& hook_of_this_thread() {
  static thread_local at_thread_exit hook;
  return hook;
}

/// Without pages of files, which the system takes and gives as it likes.
std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  std::size_t of_files = 0;
  statm >> all >> resident >> of_files;
  return (resident - of_files) * base_page();
}

BOOST_FIXTURE_TEST_SUITE(pool_lifetime, users_of_pools)

// ---- threads

BOOST_AUTO_TEST_CASE(blocks_cached_by_a_thread_come_back_when_it_ends) {
  const auto pool = make_pool();
  std::vector<filled_block> live;
  for (int i = 0; i != 20; ++i) {
    std::thread([&] {
      auto some = leave_some_live(*pool, 2000);
      live.insert(live.end(), some.begin(), some.end());
    }).join();
  }
  BOOST_TEST(pool->statistics().thread_caches == 0U);
  free_all(*pool, live);
  expect_all_back(*pool);
}

BOOST_AUTO_TEST_CASE(blocks_cached_by_a_thread_that_sleeps_come_back_when_trimmed) {
  const auto pool = make_pool();
  std::latch done(1);
  std::latch looked(1);
  std::thread sleeper([&] {
    auto live = leave_some_live(*pool, 2000);
    free_all(*pool, live);
    done.count_down();
    looked.wait();
    // The cache that was emptied behind its back is good still.
    live = leave_some_live(*pool, 2000);
    free_all(*pool, live);
  });
  done.wait();
  BOOST_TEST(pool->statistics().thread_caches == 1U);
  BOOST_TEST(pool->statistics().used_bytes > 0U);
  expect_all_back(*pool);
  looked.count_down();
  sleeper.join();
  expect_all_back(*pool);
}

BOOST_AUTO_TEST_CASE(a_thread_that_never_allocated_frees) {
  const auto pool = make_pool();
  auto live = leave_some_live(*pool, 5000);
  std::thread([&] { free_all(*pool, live); }).join();
  expect_all_back(*pool);
}

BOOST_AUTO_TEST_CASE(thread_local_destructors_may_use_pools_before_and_after_their_caches_are_gone) {
  for (const bool outlives_the_caches : {false, true}) {
    const auto pool = make_pool();
    const auto other = make_pool();
    std::size_t caches_then = 0;
    std::thread([&] {
      if (outlives_the_caches) hook_of_this_thread();
      auto live = leave_some_live(*pool, 3000);
      hook_of_this_thread().what = [&, live]() mutable {
        caches_then = pool->statistics().thread_caches;
        free_all(*pool, live);
        auto more = leave_some_live(*pool, 1000);
        free_all(*pool, more);
        auto first = leave_some_live(*other, 1000);  // a pool that this thread never used
        free_all(*other, first);
      };
    }).join();
    BOOST_TEST(caches_then == (outlives_the_caches ? 0U : 1U));
    BOOST_TEST(pool->statistics().thread_caches == 0U);
    BOOST_TEST(other->statistics().thread_caches == 0U);
    expect_all_back(*pool);
    expect_all_back(*other);
  }
}

// ---- pools

BOOST_AUTO_TEST_CASE(threads_go_on_when_a_pool_they_have_caches_of_is_destroyed) {
  auto doomed = make_pool();
  const auto other = make_pool();
  constexpr int threads = 4;
  std::barrier step(threads + 1);
  std::vector<std::thread> workers;
  for (int t = 0; t != threads; ++t) {
    workers.emplace_back([&] {
      leave_some_live(*doomed, 2000);
      leave_some_live(*doomed, 10);  // at hand when the pool ends
      step.arrive_and_wait();
      step.arrive_and_wait();
      auto live = leave_some_live(*other, 2000);
      free_all(*other, live);
    });
  }
  step.arrive_and_wait();
  BOOST_TEST(doomed->statistics().thread_caches == static_cast<std::size_t>(threads));
  doomed.reset();
  step.arrive_and_wait();
  for (std::thread& t : workers) t.join();
  expect_all_back(*other);
}

// Their caches go back while the pool goes: whichever is first.
BOOST_AUTO_TEST_CASE(a_pool_may_end_while_threads_that_used_it_end) {
  const auto other = make_pool();
  constexpr int threads = 3;
  for (int i = 0; i != (sanitized ? 20 : 300); ++i) {
    auto doomed = make_pool();
    std::latch used(threads);
    std::vector<std::jthread> all;
    for (int t = 0; t != threads; ++t) {
      all.emplace_back([&] {
        leave_some_live(*doomed, 500);
        auto live = leave_some_live(*other, 500);
        free_all(*other, live);
        used.count_down();
      });
    }
    used.wait();
    if (i % 2 == 0) doomed->release();
    doomed.reset();
  }
  expect_all_back(*other);
}

BOOST_AUTO_TEST_CASE(a_new_pool_at_the_address_of_an_old_one_gets_nothing_of_it) {
  std::optional<pool_resource> pool;
  constexpr int threads = 3;
  constexpr int rounds = sanitized ? 20 : 50;
  std::barrier step(threads + 1);
  std::vector<std::thread> workers;
  for (int t = 0; t != threads; ++t) {
    workers.emplace_back([&] {
      for (int i = 0; i != rounds; ++i) {
        step.arrive_and_wait();
        // A block of the old pool's would be unmapped memory, or another thread's.
        auto live = leave_some_live(*pool, 500);
        look_at_all(live);
        if (i % 2 == 0) free_all(*pool, live);
        step.arrive_and_wait();
      }
    });
  }
  for (int i = 0; i != rounds; ++i) {
    pool.emplace(placement::unbound(), unguarded);
    step.arrive_and_wait();
    step.arrive_and_wait();
    const std::size_t live = i % 2 == 0 ? 0 : threads * 50;
    BOOST_TEST_INFO("in round " << i);
    BOOST_TEST(pool->statistics().live_blocks == live);
    pool.reset();
  }
  for (std::thread& t : workers) t.join();
}

BOOST_AUTO_TEST_CASE(release_makes_caches_of_other_threads_stale) {
  const auto pool = make_pool();
  constexpr int threads = 3;
  std::barrier step(threads + 1);
  std::vector<std::thread> workers;
  for (int t = 0; t != threads; ++t) {
    workers.emplace_back([&] {
      for (int i = 0; i != 20; ++i) {
        step.arrive_and_wait();
        look_at_all(leave_some_live(*pool, 500));
        step.arrive_and_wait();
      }
    });
  }
  for (int i = 0; i != 20; ++i) {
    step.arrive_and_wait();
    step.arrive_and_wait();
    BOOST_TEST(pool->statistics().live_blocks == threads * 50U);
    pool->release();
    BOOST_TEST(pool->statistics().live_blocks == 0U);
    BOOST_TEST(pool->statistics().mapped_bytes == 0U);
    BOOST_TEST(pool->statistics().thread_caches == 0U);
  }
  for (std::thread& t : workers) t.join();
}

BOOST_AUTO_TEST_CASE(a_pool_may_be_destroyed_by_a_thread_that_never_used_it) {
  auto pool = make_pool();
  leave_some_live(*pool, 1000);
  std::thread([&] { pool.reset(); }).join();
  const auto next = make_pool();
  auto live = leave_some_live(*next, 1000);
  free_all(*next, live);
  expect_all_back(*next);
}

// ---- many of them

// Its two threads take turns, each of which waits for a CPU on a busy machine.
BOOST_AUTO_TEST_CASE(ten_thousand_pools_one_after_another_leave_nothing, *boost::unit_test::timeout(600)) {
  constexpr int cycles = sanitized ? 1000 : 10'000;
  // One thread that lives as long, and has caches of all.
  std::barrier step(2);
  pool_resource* shared = nullptr;
  std::thread other([&] {
    for (int i = 0; i != cycles; ++i) {
      step.arrive_and_wait();
      auto live = leave_some_live(*shared, 20);
      step.arrive_and_wait();
    }
  });
  std::size_t mappings = 0;
  std::size_t bytes = 0;
  for (int i = 0; i != cycles; ++i) {
    const auto pool = make_pool();
    shared = pool.get();
    step.arrive_and_wait();
    leave_some_live(*pool, 20);
    step.arrive_and_wait();
    if (i == cycles / 10) {
      mappings = count_mappings();
      bytes = resident_bytes();
    }
  }
  other.join();
  // Sanitizers have memory of their own that grows.
  if (!sanitized) {
    BOOST_TEST(count_mappings() <= mappings + 10);
    BOOST_TEST(resident_bytes() <= bytes + 4_MiB);
  }
}

BOOST_AUTO_TEST_CASE(four_thousand_pools_live_at_once) {
  constexpr std::size_t count = sanitized ? 400 : 4000;
  std::vector<std::unique_ptr<pool_resource>> pools;
  std::vector<filled_block> live;
  for (std::size_t i = 0; i != count; ++i) {
    pools.push_back(make_pool());
    live.emplace_back(*pools.back(), 100, 8, 100, static_cast<unsigned char>(i));
  }
  for (int round = 0; round != 3; ++round) {
    for (std::size_t i = 0; i != count; ++i) {
      faults.look_at(live[i]);
      pools[i]->deallocate(live[i].p, 100, 8);
      live[i] = filled_block(*pools[i], 100, 8, 100, static_cast<unsigned char>(i + 1));
      faults.look_at(live[i]);
    }
  }
  std::thread([&] {
    for (std::size_t i = 0; i < count; i += 7) pools[i]->deallocate(pools[i]->allocate(100, 8), 100, 8);
  }).join();
  for (std::size_t i = 0; i != count; ++i) {
    BOOST_TEST(pools[i]->statistics().live_blocks == 1U);
    pools[i].reset();
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
