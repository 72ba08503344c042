// Pools on both sides of fork().
#include <acre/bytes.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "support/child.hpp"
#include "support/print.hpp"
#include "support/resource_stress.hpp"
#include "support/sanitizers.hpp"
#include "support/thread.hpp"

namespace acre::test {
namespace {

std::vector<filled_block> a_thousand_blocks(pool_resource& pool) {
  std::vector<filled_block> live;
  for (std::size_t i = 0; i != 1000; ++i) live.emplace_back(pool, i, 8, i, static_cast<unsigned char>(i));
  return live;
}

/// What is done with a pool before and after a fork, in any thread. What was wrong with blocks fails the test at its
/// end.
class users_of_a_pool {
 public:
  void use(pool_resource& pool, std::size_t count) {
    block_list live(pool);
    for (std::size_t i = 0; i != count; ++i) {
      live.add(i % 50 == 0 ? 300'000 : i * 37 % 5000, std::size_t{1} << i % 10);
    }
    live.look_at_all(faults);
    live.look_for_overlaps(faults);
  }

  void free_all(pool_resource& pool, const std::vector<filled_block>& blocks) {
    for (const filled_block& b : blocks) {
      faults.look_at(b);
      pool.deallocate(b.p, b.bytes, b.alignment);
    }
  }

  /// A child that does all that a pool can do.
  pid_t start_child(pool_resource& pool, const std::vector<filled_block>& from_the_parent) {
    return start([&] {
      free_all(pool, from_the_parent);
      use(pool, 500);
      std::thread([&] { use(pool, 500); }).join();
      pool.trim();
      use(pool, 200);
      BOOST_TEST(pool.statistics().thread_caches == 1U);
      pool_resource own(placement::unbound(), {.guarding = guarding::off});
      use(own, 200);
      pool.release();
      use(pool, 200);
      faults.expect_none();
    });
  }

  void fork_while_others_are_inside(pool_options options) {
    pool_resource pool(placement::unbound(), std::move(options));
    const std::vector<filled_block> live = a_thousand_blocks(pool);
    std::atomic<std::size_t> looks_that_saw_nothing = 0;
    {
      std::atomic<bool> stop = false;
      std::vector<std::jthread> threads;
      const auto stopped_at_the_end = std::shared_ptr<void>(nullptr, [&stop](void*) { stop = true; });
      for (int t = 0; t != 2; ++t) {
        threads.emplace_back([&] {
          while (!stop) use(pool, 100);
        });
      }
      threads.emplace_back([&] {
        while (!stop) pool.trim();
      });
      threads.emplace_back([&] {
        while (!stop) {
          pool_resource other(placement::unbound(), {.guarding = guarding::off});
          use(other, 10);
          if (pool.statistics().allocations == 0) ++looks_that_saw_nothing;
        }
      });
      for (int i = 0; i != 40; ++i) {
        const pid_t child = start_child(pool, live);
        BOOST_TEST_INFO("in fork " << i);
        BOOST_TEST_REQUIRE(exit_code_of(child) == 0);
      }
    }
    BOOST_TEST(looks_that_saw_nothing == 0U);
    for (const filled_block& b : live) faults.look_at(b);
  }

  void teardown() { faults.expect_none(); }

  block_faults faults;
};

BOOST_FIXTURE_TEST_SUITE(pool_fork, users_of_a_pool)

BOOST_AUTO_TEST_CASE(parent_and_child_go_on) {
  pool_resource pool(placement::unbound(), {.guarding = guarding::off});
  const std::vector<filled_block> live = a_thousand_blocks(pool);
  const pid_t child = start_child(pool, live);
  use(pool, 500);
  free_all(pool, live);
  BOOST_TEST(exit_code_of(child) == 0);
  BOOST_TEST(pool.statistics().live_blocks == 0U);
  pool.trim();
  BOOST_TEST(pool.statistics().used_bytes == 0U);
}

// AddressSanitizer of GCC 12 does not hold its own allocator still during fork: a child of a process whose other
// threads allocate may wait for it for ever. ThreadSanitizer ends children of such processes that start threads.
#if !defined(ACRE_TEST_ASAN) && !defined(ACRE_TEST_TSAN)
BOOST_AUTO_TEST_CASE(children_forked_while_others_are_inside_a_pool_go_on) {
  fork_while_others_are_inside({.guarding = guarding::off});
}

BOOST_AUTO_TEST_CASE(children_go_on_with_caches_that_are_refilled_all_the_time) {
  fork_while_others_are_inside({.cached = 512, .guarding = guarding::off});
}

BOOST_AUTO_TEST_CASE(children_forked_by_a_thread_other_than_the_first_go_on) {
  pool_resource pool(placement::unbound(), {.guarding = guarding::off});
  use(pool, 500);
  in_thread([&] {
    const std::vector<filled_block> live = a_thousand_blocks(pool);
    const pid_t child = start_child(pool, live);
    BOOST_TEST(exit_code_of(child) == 0);
  });
}

/// As those that keep their books whole for children: their handlers hold their lock while a process forks.
class upstream_with_fork_handlers final : public std::pmr::memory_resource {
 public:
  static void install() {
    static const int failed =
        pthread_atfork([] { mutex.lock(); }, [] { mutex.unlock(); }, [] { mutex.unlock(); });
    BOOST_TEST_REQUIRE(failed == 0);
  }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    const std::lock_guard lock(mutex);
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    const std::lock_guard lock(mutex);
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  static inline std::mutex mutex;
};

BOOST_AUTO_TEST_CASE(a_pool_does_not_wait_for_upstream_while_fork_waits_for_the_pool) {
  pool_resource first(placement::unbound(), {.guarding = guarding::off});  // acre's handlers are there
  upstream_with_fork_handlers::install();
  upstream_with_fork_handlers upstream;
  // Each block has a mapping of its own, which goes back when it is freed.
  pool_resource pool(&upstream, {.retained = 0, .guarding = guarding::off});
  std::atomic<bool> stop = false;
  std::vector<std::jthread> threads;
  const auto stopped_at_the_end = std::shared_ptr<void>(nullptr, [&stop](void*) { stop = true; });
  for (int t = 0; t != 2; ++t) {
    threads.emplace_back([&] {
      while (!stop) pool.deallocate(pool.allocate(32_MiB), 32_MiB);
    });
  }
  for (int i = 0; i != 400; ++i) {
    const pid_t child = start([] {});
    BOOST_TEST_REQUIRE(exit_code_of(child) == 0);
  }
}

BOOST_AUTO_TEST_CASE(children_of_a_process_with_a_guarded_pool_go_on) {
  pool_resource pool(placement::unbound(), {.guarding = guarding::on});
  std::atomic<bool> stop = false;
  std::jthread other([&] {
    while (!stop) use(pool, 100);
  });
  const auto stopped_at_the_end = std::shared_ptr<void>(nullptr, [&stop](void*) { stop = true; });
  for (int i = 0; i != 20; ++i) {
    const pid_t child = start([&] {
      use(pool, 500);
      faults.expect_none();
    });
    BOOST_TEST_INFO("in fork " << i);
    BOOST_TEST(exit_code_of(child) == 0);
  }
}
#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
