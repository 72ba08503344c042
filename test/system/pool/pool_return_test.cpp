// The pages of a pool: where they lie, how long they stay, and that they really go back to the system.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>
#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <latch>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/mappings.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

using namespace std::chrono_literals;

/// On base pages: each goes by itself. Blocks of 64 KiB are large. Nothing goes because time passes.
pool_options small_pages() {
  return {.page_kind = page_kind::system,
          .decay = std::chrono::milliseconds::max(),
          .largest_small = 32_KiB,
          .guarding = guarding::off};
}

std::size_t resident_bytes(const pool_resource& pool) {
  const residency r = pool.resident();
  return r.resident() * r.page_size;
}

std::size_t touched_pages(const void* p, std::size_t bytes) {
  return (bytes + base_page() - 1) / base_page() - count_untouched(p, bytes);
}

void* allocate_and_touch(pool_resource& pool, std::size_t bytes, std::size_t alignment = base_page()) {
  void* const p = pool.allocate(bytes, alignment);
  std::memset(p, 1, bytes);
  return p;
}

BOOST_AUTO_TEST_SUITE(pages_of_a_pool)

BOOST_AUTO_TEST_CASE(all_lie_on_the_nodes_of_the_placement_under_its_policy) {
  const node_set nodes{topology::system().default_nodes().first()};
  for (const page_kind kind : {page_kind::system, page_kind::transparent_huge}) {
    pool_resource pool(placement::bind(nodes), {.page_kind = kind, .guarding = guarding::off});
    std::vector<std::pair<void*, std::size_t>> live;
    for (const std::size_t bytes : {std::size_t{8}, std::size_t{5000}, 100_KiB, 3_MiB, 20_MiB}) {
      for (int i = 0; i != 3; ++i) live.emplace_back(allocate_and_touch(pool, bytes), bytes);
    }
    for (const auto& [p, bytes] : live) {
      BOOST_TEST(policy_at(p) == (kernel_policy{mpol::bind, {nodes.first()}}));
      for (const int node : page_nodes(p, bytes)) BOOST_TEST(node == static_cast<int>(nodes.first()));
    }
    BOOST_TEST(pool.resident().nodes() == nodes);
    BOOST_TEST(resident_bytes(pool) >= 3 * (100_KiB + 3_MiB + 20_MiB));
  }
}

BOOST_AUTO_TEST_CASE(stay_for_the_next_block) {
  for (const std::size_t bytes : {64_KiB, 1_MiB, 20_MiB}) {
    pool_resource pool(placement::unbound(), small_pages());
    void* const p = allocate_and_touch(pool, bytes);
    pool.deallocate(p, bytes, base_page());
    BOOST_TEST(touched_pages(p, bytes) == bytes / base_page());
    BOOST_TEST(pool.allocate(bytes, base_page()) == p);
    // No fault, no zeroing.
    BOOST_TEST(static_cast<char*>(p)[bytes - 1] == 1);
  }
}

BOOST_AUTO_TEST_CASE(of_free_blocks_among_live_ones_go_back_when_trimmed) {
  pool_resource pool(placement::unbound(), small_pages());
  std::vector<void*> blocks;
  for (int i = 0; i != 64; ++i) blocks.push_back(allocate_and_touch(pool, 64_KiB));
  for (std::size_t i = 0; i < blocks.size(); i += 2) pool.deallocate(blocks[i], 64_KiB, base_page());
  BOOST_TEST(pool.trim() >= 32 * 64_KiB);
  for (std::size_t i = 0; i != blocks.size(); ++i) {
    BOOST_TEST_INFO("block " << i);
    BOOST_TEST(touched_pages(blocks[i], 64_KiB) == (i % 2 == 0 ? 0 : 64_KiB / base_page()));
  }
  BOOST_TEST(pool.statistics().retained_bytes == 0U);
  for (std::size_t i = 1; i < blocks.size(); i += 2) {
    BOOST_TEST(static_cast<char*>(blocks[i])[64_KiB - 1] == 1);
  }
  // What went back can be used again, and counts again.
  for (std::size_t i = 0; i < blocks.size(); i += 2) blocks[i] = allocate_and_touch(pool, 64_KiB);
  for (void* const p : blocks) pool.deallocate(p, 64_KiB, base_page());
  BOOST_TEST(pool.statistics().retained_bytes == 64 * 64_KiB);
}

BOOST_AUTO_TEST_CASE(of_small_blocks_go_back_when_trimmed) {
  pool_resource pool(placement::unbound(), small_pages());
  std::vector<void*> live;
  for (std::size_t i = 0; i != 50'000; ++i) live.push_back(allocate_and_touch(pool, i % 1000, 8));
  BOOST_TEST(resident_bytes(pool) >= 20_MiB);
  for (std::size_t i = 0; i != 50'000; ++i) pool.deallocate(live[i], i % 1000, 8);
  pool.trim();
  BOOST_TEST(resident_bytes(pool) == 0U);
  BOOST_TEST(pool.statistics().mapped_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(beyond_the_limit_go_back_at_once) {
  pool_options o = small_pages();
  o.retained = 4_MiB;
  pool_resource pool(placement::unbound(), o);
  std::vector<void*> blocks;
  for (int i = 0; i != 256; ++i) blocks.push_back(allocate_and_touch(pool, 64_KiB));
  for (void* const p : blocks) {
    pool.deallocate(p, 64_KiB, base_page());
    BOOST_TEST(pool.statistics().retained_bytes <= 4_MiB);
  }
  BOOST_TEST(resident_bytes(pool) <= 4_MiB);
  // Not more than has to.
  BOOST_TEST(resident_bytes(pool) >= 1_MiB);
}

BOOST_AUTO_TEST_CASE(that_nobody_used_for_long_go_back_at_the_next_large_block) {
  pool_options o = small_pages();
  o.decay = 20ms;
  pool_resource pool(placement::unbound(), o);
  for (const std::size_t bytes : {8_MiB, 20_MiB}) {
    pool.deallocate(allocate_and_touch(pool, bytes), bytes, base_page());
    BOOST_TEST(resident_bytes(pool) >= bytes);
    BOOST_TEST_INFO(bytes << " bytes");
    BOOST_TEST(comes_true([&] {
      pool.deallocate(pool.allocate(64_KiB, 8), 64_KiB, 8);
      return resident_bytes(pool) < 1_MiB;
    }));
  }
}

BOOST_AUTO_TEST_CASE(that_nobody_used_for_long_go_back_when_small_blocks_need_a_span) {
  pool_options o = small_pages();
  o.decay = 20ms;
  pool_resource pool(placement::unbound(), o);
  pool.deallocate(allocate_and_touch(pool, 20_MiB), 20_MiB, base_page());
  BOOST_TEST(comes_true([&] {
    for (int i = 0; i != 64; ++i) static_cast<void>(pool.allocate(4096, 8));
    return pool.statistics().retained_bytes < 20_MiB;
  }));
}

BOOST_AUTO_TEST_CASE(of_blocks_that_take_the_place_of_others_stay_whatever_the_decay) {
  pool_options o = small_pages();
  o.decay = 20ms;
  pool_resource pool(placement::unbound(), o);
  void* p = allocate_and_touch(pool, 8_MiB);
  for (int i = 0; i != 30; ++i) {
    std::this_thread::sleep_for(5ms);
    pool.deallocate(p, 8_MiB, base_page());
    p = pool.allocate(8_MiB, base_page());
    BOOST_TEST_INFO("in round " << i);
    BOOST_TEST_REQUIRE(touched_pages(p, 8_MiB) == 8_MiB / base_page());
  }
}

BOOST_AUTO_TEST_CASE(go_back_with_decay_of_nothing_at_the_next_call) {
  pool_options o = small_pages();
  o.decay = 0ms;
  pool_resource pool(placement::unbound(), o);
  void* const p = allocate_and_touch(pool, 1_MiB);
  void* const other = allocate_and_touch(pool, 1_MiB);
  pool.deallocate(p, 1_MiB, base_page());
  for (int i = 0; i != 3; ++i) pool.deallocate(pool.allocate(40_KiB, 8), 40_KiB, 8);
  BOOST_TEST(touched_pages(p, 1_MiB) <= 40_KiB / base_page());
  pool.deallocate(other, 1_MiB, base_page());
}

BOOST_AUTO_TEST_CASE(of_a_local_pool_are_fresh_for_every_large_block) {
  pool_resource pool(placement::local(), {.guarding = guarding::off});
  for (int i = 0; i != 5; ++i) {
    void* const p = pool.allocate(1_MiB, base_page());
    // The first touch decides.
    BOOST_TEST(touched_pages(p, 1_MiB) == 0U);
    std::memset(p, 1, 1_MiB);
    pool.deallocate(p, 1_MiB, base_page());
  }
  BOOST_TEST(pool.statistics().retained_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(of_a_shared_area_go_back_in_whole_slabs) {
  area pages(placement::unbound(), {.sharing = sharing::shared});
  pool_resource pool(&pages, {.guarding = guarding::off});
  BOOST_TEST(pool.upstream_resource() == &pages);
  void* const stays = allocate_and_touch(pool, 128_KiB);
  void* const goes = allocate_and_touch(pool, 128_KiB);
  pool.deallocate(goes, 128_KiB, base_page());
  pool.trim();
  BOOST_TEST(touched_pages(goes, 128_KiB) == 128_KiB / base_page());
  pool.deallocate(stays, 128_KiB, base_page());
  pool.trim();
  BOOST_TEST(pages.status().blocks == 0U);
}

BOOST_AUTO_TEST_CASE(a_pool_that_ends_leaves_no_mapping) {
  { pool_resource warm(placement::unbound()); }
  const no_new_mappings check;
  pool_resource pool(placement::unbound(), {.name = "pool pages", .guarding = guarding::off});
  for (const std::size_t bytes : {std::size_t{8}, 100_KiB, 3_MiB, 20_MiB, 100_MiB}) {
    static_cast<void>(pool.allocate(bytes, 8));
    pool.deallocate(pool.allocate(bytes, 8), bytes, 8);
  }
}

BOOST_AUTO_TEST_CASE(a_pool_of_few_blocks_has_few) {
  pool_resource pool(placement::unbound(), {.guarding = guarding::off});
  for (std::size_t bytes = 8; bytes <= 4096; bytes *= 2) std::memset(pool.allocate(bytes, 8), 1, bytes);
  BOOST_TEST(resident_bytes(pool) <= 256_KiB);
}

BOOST_AUTO_TEST_CASE(a_pool_cannot_be_made_on_a_node_that_is_not_there) {
  BOOST_CHECK_EXCEPTION(pool_resource pool(placement::bind(node_set{1000})), error,
                        with_code(errc::unknown_node));
}

BOOST_AUTO_TEST_SUITE_END()

/// Another thread frees blocks, then does nothing until the end.
class idle_thread {
 public:
  idle_thread(pool_resource& pool, std::size_t bytes)
      : x_thread([this, &pool, bytes] {
          std::vector<void*> blocks;
          for (int i = 0; i != 8; ++i) blocks.push_back(pool.allocate(bytes, 8));
          for (void* const p : blocks) pool.deallocate(p, bytes, 8);
          x_blocks.insert(blocks.begin(), blocks.end());
          x_freed.count_down();
          x_end.wait();
          x_last = pool.allocate(bytes, 8);
          pool.deallocate(x_last, bytes, 8);
        }) {
    x_freed.wait();
  }
  ~idle_thread() { end(); }
  idle_thread(const idle_thread&) = delete;
  idle_thread& operator=(const idle_thread&) = delete;

  bool had(void* p) const { return x_blocks.contains(p); }
  /// What it gets when it goes on.
  void* end() {
    if (x_thread.joinable()) {
      x_end.count_down();
      x_thread.join();
    }
    return x_last;
  }

 private:
  std::set<void*> x_blocks;
  std::latch x_freed{1};
  std::latch x_end{1};
  void* x_last = nullptr;
  std::thread x_thread;
};

BOOST_AUTO_TEST_SUITE(caches_of_idle_threads)

BOOST_AUTO_TEST_CASE(are_taken_back_when_small_blocks_need_a_span) {
  pool_options o = small_pages();
  o.decay = 10ms;
  pool_resource pool(placement::unbound(), o);
  idle_thread other(pool, 4096);
  std::set<void*> live;
  BOOST_TEST(comes_true([&] {
    for (int i = 0; i != 64; ++i) live.insert(pool.allocate(4096, 8));
    return std::ranges::any_of(live, [&](void* p) { return other.had(p); });
  }));
  // It goes on without what is others' now.
  BOOST_TEST(!live.contains(other.end()));
}

BOOST_AUTO_TEST_CASE(stay_before_decay_has_passed) {
  pool_resource pool(placement::unbound(), small_pages());
  idle_thread other(pool, 4096);
  for (int i = 0; i != 1000; ++i) BOOST_TEST_REQUIRE(!other.had(pool.allocate(4096, 8)));
  BOOST_TEST(other.had(other.end()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
