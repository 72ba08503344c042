// Everything at once: threads that allocate and free each other's blocks of any size and alignment, while others trim,
// count, and make and destroy pools.
#include <acre/bytes.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "support/print.hpp"
#include "support/resource_stress.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {
namespace {

constexpr unsigned allocating_threads = 3;
constexpr std::size_t steps = under_tsan ? 4000 : 30'000;
constexpr std::size_t most_live = 300;

using generator = std::mt19937_64;

/// As many of 1 to 2 bytes as of 1 to 2 MiB.
std::size_t random_magnitude(generator& random, std::size_t largest) {
  const double power =
      std::uniform_real_distribution<double>(0, std::log2(static_cast<double>(largest)))(random);
  return static_cast<std::size_t>(std::exp2(power));
}

/// The blocks that all threads free.
class table {
 public:
  table(std::pmr::memory_resource& r, block_faults& faults) : x_resource(&r), x_faults(&faults) {}
  table(const table&) = delete;
  table& operator=(const table&) = delete;
  ~table() {
    generator random(0);
    while (free_one(random)) continue;
  }

  void add_one(generator& random) {
    const std::size_t bytes = random() % 50 == 0 ? 0 : random_magnitude(random, 4_MiB);
    const std::size_t alignment = std::size_t{1} << (random() % 16 == 0 ? random() % 23 : random() % 7);
    const filled_block b(*x_resource, bytes, alignment, bytes, static_cast<unsigned char>(random()));
    const std::lock_guard lock(x_mutex);
    x_blocks.push_back(b);
  }
  bool free_one(generator& random) {
    std::unique_lock lock(x_mutex);
    if (x_blocks.empty()) return false;
    std::swap(x_blocks[random() % x_blocks.size()], x_blocks.back());
    const filled_block b = x_blocks.back();
    x_blocks.pop_back();
    lock.unlock();
    x_faults->look_at(b);
    x_resource->deallocate(b.p, b.bytes, b.alignment);
    return true;
  }
  std::size_t size() const {
    const std::lock_guard lock(x_mutex);
    return x_blocks.size();
  }

 private:
  std::pmr::memory_resource* x_resource;
  block_faults* x_faults;
  mutable std::mutex x_mutex;
  std::vector<filled_block> x_blocks;
};

/// Calls `step(random)` in a thread of its own until it goes.
class background {
 public:
  background(unsigned seed, std::function<void(generator&)> step)
      : x_thread([this, seed, step = std::move(step)] {
          generator random(seed);
          while (!x_stop) step(random);
        }) {}
  ~background() {
    x_stop = true;
    x_thread.join();
  }

 private:
  std::atomic<bool> x_stop = false;
  std::thread x_thread;
};

/// A pool of its own, used and destroyed, sometimes with live blocks.
void live_and_die(generator& random, block_faults& faults) {
  pool_resource pool(placement::unbound(),
                     {.cached = std::size_t{1} << random() % 17, .guarding = guarding::off});
  const auto use = [&](std::uint64_t seed) {
    generator own(seed);
    block_list live(pool);
    for (int i = 0; i != 60; ++i) live.add(random_magnitude(own, 100'000), 16);
    live.look_at_all(faults);
  };
  std::thread other(use, random());
  use(random());
  other.join();
  if (random() % 2 == 0) pool.release();
  static_cast<void>(pool.allocate(random_magnitude(random, 1_MiB)));
}

void stress_everything(pool_resource& pool, std::size_t steps_per_thread = steps) {
  block_faults faults;
  std::atomic<std::size_t> wrong_statistics = 0;
  std::atomic<std::size_t> wrong_sizes = 0;
  {
    table blocks(pool, faults);
    const background trims(101, [&](generator& random) {
      pool.trim();
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    });
    const background counts(102, [&](generator& random) {
      const pool_statistics s = pool.statistics();
      if (s.used_bytes > s.used_peak || s.to_string().empty()) ++wrong_statistics;
      if (random() % 16 == 0) pool.reset_peak();
      const std::size_t bytes = random() % 100'000;
      if (pool.good_size(bytes, 8) < bytes) ++wrong_sizes;
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    });
    const background dies(103, [&](generator& random) { live_and_die(random, faults); });
    std::vector<std::thread> threads;
    for (unsigned t = 0; t != allocating_threads; ++t) {
      threads.emplace_back([&, t] {
        generator random(t);
        for (std::size_t i = 0; i != steps_per_thread; ++i) {
          if (blocks.size() < most_live && random() % 8 < 5) {
            blocks.add_one(random);
          } else {
            blocks.free_one(random);
          }
          // Somebody who leaves with blocks cached, and frees what others allocated.
          if (i % 1000 == 0) std::thread([&] { blocks.free_one(random); }).join();
        }
      });
    }
    for (std::thread& t : threads) t.join();
  }
  faults.expect_none();
  BOOST_TEST(wrong_statistics == 0U);
  BOOST_TEST(wrong_sizes == 0U);
  BOOST_TEST(pool.statistics().live_blocks == 0U);
  BOOST_TEST(pool.statistics().live_bytes == 0U);
  pool.trim();
  const pool_statistics s = pool.statistics();
  BOOST_TEST_CONTEXT(s) {
    BOOST_TEST(s.allocations == s.deallocations);
    BOOST_TEST(s.used_bytes == 0U);
    BOOST_TEST(s.retained_bytes == 0U);
  }
}

BOOST_AUTO_TEST_SUITE(pool_stress)

BOOST_AUTO_TEST_CASE(with_the_default_options) {
  pool_resource pool(placement::unbound(), {.guarding = guarding::off});
  stress_everything(pool);
}

BOOST_AUTO_TEST_CASE(with_small_caches_that_are_refilled_all_the_time) {
  pool_resource pool(placement::unbound(), {.cached = 512, .guarding = guarding::off});
  stress_everything(pool);
}

BOOST_AUTO_TEST_CASE(with_pages_that_go_back_all_the_time) {
  pool_resource pool(placement::unbound(), {.retained = 1_MiB,
                                            .decay = std::chrono::milliseconds(1),
                                            .largest_small = 4_KiB,
                                            .guarding = guarding::off});
  stress_everything(pool);
}

BOOST_AUTO_TEST_CASE(with_every_block_watched) {
  pool_resource pool(placement::unbound(), {.guarding = guarding::on});
  stress_everything(pool);
}

BOOST_AUTO_TEST_CASE(over_a_resource_that_is_no_area) {
  pool_resource pool(std::pmr::new_delete_resource(), {.guarding = guarding::off});
  stress_everything(pool);
}

BOOST_AUTO_TEST_CASE(with_blocks_that_are_mappings_of_their_own) {
  pool_resource pool(placement::local(), {.largest_small = 1_KiB, .guarding = guarding::off});
  stress_everything(pool, steps / 10);
}

// Lists change hands at every other operation while trim() never pauses.
BOOST_AUTO_TEST_CASE(of_small_blocks_under_trims_without_a_pause) {
  pool_resource pool(placement::unbound(), {.cached = 256, .guarding = guarding::off});
  block_faults faults;
  {
    const background trims(1, [&](generator&) { pool.trim(); });
    const background also_trims(2, [&](generator&) { pool.trim(); });
    std::vector<std::thread> threads;
    for (unsigned t = 0; t != allocating_threads; ++t) {
      threads.emplace_back([&pool, &faults, t] {
        for (std::size_t round = 0; round != (sanitized ? 5000 : 200'000); ++round) {
          std::vector<filled_block> live;
          for (std::size_t i = 0; i != 8; ++i) {
            const std::size_t bytes = 32 + 16 * i;
            live.emplace_back(pool, bytes, 8, bytes, static_cast<unsigned char>(t));
          }
          for (const filled_block& b : live) {
            faults.look_at(b);
            pool.deallocate(b.p, b.bytes, b.alignment);
          }
        }
      });
    }
    for (std::thread& t : threads) t.join();
  }
  faults.expect_none();
  pool.trim();
  BOOST_TEST(pool.statistics().live_blocks == 0U);
  BOOST_TEST(pool.statistics().used_bytes == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
