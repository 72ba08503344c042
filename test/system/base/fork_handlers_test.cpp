// Fork handlers of others, registered before acre's own, use acre while it holds its locks.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/migrate.hpp>
#include <acre/node_pools.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>
#include <acre/resource_for.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <memory_resource>
#include <ostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"
#include "support/sanitizers.hpp"
#include "support/thread.hpp"

namespace acre::test {
namespace {

// What runs in the handlers; nothing, mostly.
std::function<void()> in_prepare;
std::function<void()> in_parent;
std::function<void()> in_the_child;
void run(const std::function<void()>& what) {
  if (what) what();
}
/// Before main(), and so before acre installs its own with the first area or pool.
[[maybe_unused]] const int installed =
    pthread_atfork([] { run(in_prepare); }, [] { run(in_parent); }, [] { run(in_the_child); });

/// Nothing is watched: AddressSanitizer's own locks are not held in fork (GCC 12).
const pool_options unguarded{.guarding = guarding::off};

void use(std::pmr::memory_resource& r, std::size_t count, std::size_t bytes) {
  std::vector<void*> blocks;
  for (std::size_t i = 0; i != count; ++i) {
    blocks.push_back(r.allocate(bytes));
    *static_cast<std::size_t*>(blocks.back()) = i;
  }
  for (std::size_t i = 0; i != count; ++i) {
    if (*static_cast<std::size_t*>(blocks[i]) != i) throw std::logic_error("a block was overwritten");
    r.deallocate(blocks[i], bytes);
  }
}

/// What a program has, in all parts of which fork() holds locks.
struct everything {
  pool_resource pool{placement::unbound(), unguarded};
  pool_resource guarded{placement::unbound(), {.guarding = guarding::on}};
  pool_resource unused{placement::unbound(), unguarded};
  pool_resource exact{placement::local(), unguarded};
  node_pools pools{{.pool = unguarded}};
  std::unique_ptr<pool_resource> doomed = std::make_unique<pool_resource>(placement::unbound(), unguarded);
  std::unique_ptr<pool_resource> made;
  pool_resource* of_placement = resource_for(placement::local());

  everything() {
    // Twice as many slabs later on: in handlers, too, the kernel is asked for more.
    for (std::pmr::memory_resource* r : resources()) {
      use(*r, 10, 48);
      use(*r, 2, 300'000);
    }
  }
  std::vector<std::pmr::memory_resource*> resources() {
    return {&pool, &guarded, &exact, &pools, doomed.get(), of_placement};
  }
};

struct deed {
  std::string name;
  std::function<void(everything&)> what;
  friend std::ostream& operator<<(std::ostream& out, const deed& d) { return out << d.name; }
};

const std::vector<deed> deeds{
    {"a small block", [](auto& e) { use(e.pool, 1, 48); }},
    {"many small blocks", [](auto& e) { use(e.pool, 20'000, 96); }},
    {"a block of a size not used before", [](auto& e) { use(e.pool, 1, 7'000); }},
    {"a large block", [](auto& e) { use(e.pool, 1, 200'000); }},
    {"large blocks that need slabs", [](auto& e) { use(e.pool, 10, 5_MiB); }},
    {"a block with a mapping of its own", [](auto& e) { use(e.pool, 2, 20_MiB); }},
    {"fresh pages for each block", [](auto& e) { use(e.exact, 3, 100'000); }},
    {"a guarded pool", [](auto& e) { use(e.guarded, 2'000, 100); }},
    {"the first use of a pool in the thread", [](auto& e) { use(e.unused, 100, 100); }},
    {"pools of nodes", [](auto& e) { use(e.pools, 1'000, 500); }},
    {"an area", [](auto&) { use(*std::make_unique<area>(placement::unbound()), 2, 10'000); }},
    {"an area that knows its blocks",
     [](auto&) { use(*std::make_unique<area>(placement::blocked(node_set{0})), 2, 10'000); }},
    {"a block that moves",
     [](auto&) {
       const auto pool = std::make_unique<pool_resource>(placement::unbound());
       void* const p = pool->allocate(200'000);
       migrate(p, 200'000, placement::prefer({0}));
       pool->deallocate(p, 200'000);
       pool->deallocate(pool->allocate(200'000), 200'000);
     }},
    {"a new pool", [](auto&) { use(*std::make_unique<pool_resource>(placement::unbound()), 10, 10); }},
    {"a new pool that stays",
     [](auto& e) {
       e.made = std::make_unique<pool_resource>(placement::unbound(), unguarded);
       use(*e.made, 1'000, 100);
     }},
    {"new pools of nodes", [](auto&) { use(*std::make_unique<node_pools>(), 10, 10); }},
    {"the end of a pool", [](auto& e) { e.doomed.reset(); }},
    {"a placement asked for before", [](auto&) { use(*resource_for(placement::local()), 10, 100); }},
    {"a new placement", [](auto&) { use(*resource_for(placement::interleave(node_set{0})), 10, 100); }},
    {"the default resource", [](auto&) { use(*default_resource(), 10, 100); }},
    {"trim", [](auto& e) { e.pool.trim(); }},
    {"release",
     [](auto& e) {
       e.doomed->release();
       use(*e.doomed, 100, 100);
     }},
    {"statistics",
     [](auto& e) {
       if (e.pool.statistics().allocations == 0) throw std::logic_error("nothing was counted");
     }},
};

/// Everything still works, in other threads too.
void go_on(everything& e) {
  const auto all = [&] {
    for (std::pmr::memory_resource* r : e.resources()) {
      if (r == nullptr) continue;
      use(*r, 200, 64);
      use(*r, 2, 200'000);
    }
    if (e.made) use(*e.made, 500, 100);
    e.pool.trim();
    use(*resource_for(placement::local()), 10, 64);
  };
  all();
  std::thread(all).join();
}

/// In a process of its own, whose handlers do it; it hangs where they wait for a lock.
void fork_with(std::function<void()>& handler, const deed& d, bool others) {
  const pid_t process = start([&] {
    everything e;
    std::atomic<bool> stop = false;
    std::vector<std::jthread> threads;
    const auto stopped_at_the_end = std::shared_ptr<void>(nullptr, [&stop](void*) { stop = true; });
    if (others) {
      threads.emplace_back([&] {
        while (!stop) use(e.pool, 200, 96);
      });
      threads.emplace_back([&] {
        while (!stop) std::thread([&] { use(e.pool, 300, 200); }).join();
      });
    }
    for (int i = 0; i != (others ? 10 : 1); ++i) {
      if (!e.doomed) e.doomed = std::make_unique<pool_resource>(placement::unbound(), unguarded);
      handler = [&] { d.what(e); };
      const pid_t child = start([&] {
        handler = nullptr;
        go_on(e);
      });
      handler = nullptr;
      BOOST_TEST_REQUIRE(exit_code_of(child) == 0);
    }
    stop = true;
    threads.clear();
    go_on(e);
  });
  BOOST_TEST(exit_code_of(process) == 0);
}

#if !defined(ACRE_TEST_ASAN) && !defined(ACRE_TEST_TSAN)
constexpr bool with_others = true;
#else
// See pool_fork_test.cpp.
constexpr bool with_others = false;
#endif

BOOST_AUTO_TEST_SUITE(handlers_of_others, *named_cases(deeds))

BOOST_DATA_TEST_CASE(that_run_before_a_fork_may_use, boost::unit_test::data::make(deeds), d) {
  fork_with(in_prepare, d, false);
}

BOOST_DATA_TEST_CASE(that_run_in_the_parent_may_use, boost::unit_test::data::make(deeds), d) {
  fork_with(in_parent, d, false);
}

BOOST_DATA_TEST_CASE(that_run_in_the_child_may_use, boost::unit_test::data::make(deeds), d) {
  fork_with(in_the_child, d, false);
}

BOOST_DATA_TEST_CASE(may_use_while_other_threads_do, boost::unit_test::data::make(deeds), d) {
  fork_with(in_prepare, d, with_others);
}

BOOST_AUTO_TEST_CASE(may_fork_again) {
  const pid_t process = start([&] {
    everything e;
    in_the_child = [&] {
      in_the_child = nullptr;
      use(e.pool, 100, 100);
      const pid_t grandchild = start([&] { go_on(e); });
      use(e.pool, 100, 100);
      BOOST_TEST(exit_code_of(grandchild) == 0);
    };
    const pid_t child = start([&] { go_on(e); });
    in_the_child = nullptr;
    BOOST_TEST(exit_code_of(child) == 0);
    go_on(e);
  });
  BOOST_TEST(exit_code_of(process) == 0);
}

BOOST_AUTO_TEST_CASE(of_threads_that_fork_at_once_may_use_pools) {
  const pid_t process = start([&] {
    everything e;
    in_prepare = [&] { use(e.pool, 500, 100); };
    std::atomic<int> failures = 0;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t != (with_others ? 3 : 1); ++t) {
        threads.emplace_back([&] {
          for (int i = 0; i != 20; ++i) {
            const pid_t child = start([&] { use(e.pool, 500, 100); });
            if (exit_code_of(child) != 0) ++failures;
          }
        });
      }
    }
    in_prepare = nullptr;
    BOOST_TEST(failures == 0);
    go_on(e);
  });
  BOOST_TEST(exit_code_of(process) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
