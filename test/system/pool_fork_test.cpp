// Pools on both sides of fork().
#include <acre/bytes.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include "support/resource_stress.hpp"
#include "support/sanitizers.hpp"

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace acre::test {
namespace {

/// \returns the child's exit code; nothing good if it hangs
int wait_for(pid_t child) {
  using namespace std::chrono_literals;
  int status = 0;
  for (int i = 0; i != 3000; ++i) {
    if (waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    std::this_thread::sleep_for(10ms);
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return -2;
}

void use(pool_resource& pool, std::size_t count) {
  block_list live(pool);
  for (std::size_t i = 0; i != count; ++i) {
    live.add(i % 50 == 0 ? 300'000 : i * 37 % 5000, std::size_t{1} << i % 10);
  }
  live.check_all();
  live.check_distinct();
}

/// All that a pool can do.
bool child_can_go_on(pool_resource& pool, std::vector<filled_block>& from_the_parent) {
  for (const filled_block& b : from_the_parent) {
    b.check();
    pool.deallocate(b.p, b.bytes, b.alignment);
  }
  use(pool, 500);
  std::thread([&] { use(pool, 500); }).join();
  pool.trim();
  use(pool, 200);
  EXPECT_EQ(pool.statistics().thread_caches, 1U);
  pool_resource own(placement::unbound(), {.guarding = guarding::off});
  use(own, 200);
  pool.release();
  use(pool, 200);
  return !testing::Test::HasFailure();
}

TEST(pool_fork, parent_and_child_go_on) {
  pool_resource pool(placement::unbound(), {.guarding = guarding::off});
  std::vector<filled_block> live;
  for (std::size_t i = 0; i != 1000; ++i) live.emplace_back(pool, i, 8, i, static_cast<unsigned char>(i));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(child_can_go_on(pool, live) ? 0 : 1);
  use(pool, 500);
  for (const filled_block& b : live) {
    b.check();
    pool.deallocate(b.p, b.bytes, b.alignment);
  }
  EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(pool.statistics().live_blocks, 0U);
  pool.trim();
  EXPECT_EQ(pool.statistics().used_bytes, 0U);
}

// AddressSanitizer of GCC 12 does not hold its own allocator still during fork: a child of a process whose other
// threads allocate may wait for it for ever. ThreadSanitizer ends children of such processes that start threads.
#if !defined(ACRE_TEST_ASAN) && !defined(ACRE_TEST_TSAN)
void fork_while_others_are_inside(pool_options options) {
  pool_resource pool(placement::unbound(), std::move(options));
  std::vector<filled_block> live;
  for (std::size_t i = 0; i != 1000; ++i) live.emplace_back(pool, i, 8, i, static_cast<unsigned char>(i));
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
      EXPECT_GT(pool.statistics().allocations, 0U);
    }
  });
  for (int i = 0; i != 40; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(child_can_go_on(pool, live) ? 0 : 1);
    ASSERT_EQ(wait_for(child), 0) << "in fork " << i;
  }
  for (const filled_block& b : live) b.check();
}

TEST(pool_fork, children_forked_while_others_are_inside_a_pool_go_on) {
  fork_while_others_are_inside({.guarding = guarding::off});
}

TEST(pool_fork, children_go_on_with_caches_that_are_refilled_all_the_time) {
  fork_while_others_are_inside({.cached = 512, .guarding = guarding::off});
}

TEST(pool_fork, children_forked_by_a_thread_other_than_the_first_go_on) {
  pool_resource pool(placement::unbound(), {.guarding = guarding::off});
  use(pool, 500);
  std::thread([&] {
    std::vector<filled_block> live;
    for (std::size_t i = 0; i != 1000; ++i) live.emplace_back(pool, i, 8, i, static_cast<unsigned char>(i));
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(child_can_go_on(pool, live) ? 0 : 1);
    EXPECT_EQ(wait_for(child), 0);
  }).join();
}

TEST(pool_fork, children_of_a_process_with_a_guarded_pool_go_on) {
  pool_resource pool(placement::unbound(), {.guarding = guarding::on});
  std::atomic<bool> stop = false;
  std::jthread other([&] {
    while (!stop) use(pool, 100);
  });
  for (int i = 0; i != 20; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      use(pool, 500);
      _exit(testing::Test::HasFailure() ? 1 : 0);
    }
    EXPECT_EQ(wait_for(child), 0) << "in fork " << i;
  }
  stop = true;
}
#endif

}  // namespace
}  // namespace acre::test
