// Blocks of pools that were moved off a node which has no room for them when they are free again (shape tiny: node 2
// has 64 MiB and no CPU).
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/migrate.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory_resource>
#include <vector>

#include "multinode/full_node.hpp"
#include "multinode/verify.hpp"
#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

struct moved_from_a_full_node : innocent_neighbour {
  static constexpr std::size_t bytes = 1_MiB;

  /// Blocks, each written as a whole, until there are no more.
  std::vector<void*> fill(std::pmr::memory_resource& pool) {
    std::vector<void*> all;
    try {
      while (all.size() < 128) {
        all.push_back(pool.allocate(bytes));
        std::memset(all.back(), 1, bytes);
      }
    } catch (const allocation_error& e) {
      BOOST_TEST(e.code() == errc::node_full, e.what());
    }
    BOOST_TEST(all.size() < 128U);
    return all;
  }
  void expect_right_and_free(pool_resource& pool, const std::vector<void*>& blocks) {
    for (void* p : blocks) expect_all_on(small, p, bytes);
    for (void* p : blocks) pool.deallocate(p, bytes);
  }

  /// Blocks are moved away, and others have their room when they are freed.
  void expect_right_or_an_error(pool_resource& pool, const area* upstream = nullptr) {
    std::vector<void*> all = fill(pool);
    BOOST_TEST_REQUIRE(all.size() > 8U);
    std::vector<void*> moved(all.begin(), all.begin() + 6);
    all.erase(all.begin(), all.begin() + 6);
    for (void* p : moved) {
      // The node is full, so the kernel compacts it, and holds some of its pages meanwhile.
      BOOST_TEST(comes_true([&] { return migrate(p, bytes, placement::bind({roomy})).failed() == 0; }));
      expect_all_on(roomy, p, bytes);
    }
    std::vector<void*> others;
    // Linux 6.12 may have them all in the lists of its CPUs, for a second.
    BOOST_TEST(comes_true(
        [&] {
          for (void* p : fill(pool)) others.push_back(p);
          return others.size() > 1;
        },
        std::chrono::milliseconds(100)));
    for (void* p : moved) pool.deallocate(p, bytes);
    const std::size_t live = pool.statistics().live_blocks;
    const std::vector<void*> few = fill(pool);
    // Pages that are moved may have what is left in reserve for new ones.
    BOOST_TEST((few.size() < moved.size() || pool.upstream_resource() == upstream));
    BOOST_TEST(pool.statistics().live_blocks == live + few.size());
    expect_right_and_free(pool, few);
    expect_right_and_free(pool, others);
    const std::vector<void*> as_many = fill(pool);
    BOOST_TEST(as_many.size() >= others.size());
    expect_right_and_free(pool, as_many);
    expect_right_and_free(pool, all);
  }
};

BOOST_FIXTURE_TEST_SUITE(full_node_of_moved_blocks, moved_from_a_full_node)

BOOST_AUTO_TEST_CASE(is_an_error_and_nothing_is_lost) {
  for (const page_kind kind : {page_kind::system, page_kind::transparent_huge}) {
    pool_resource pool(placement::bind({small}), {.page_kind = kind});
    expect_right_or_an_error(pool);
  }
}

BOOST_AUTO_TEST_CASE(is_an_error_where_pages_are_moved_back) {
  area pages(placement::bind({small}), {.commit = commit::eager});
  pool_resource pool(&pages);
  expect_right_or_an_error(pool, &pages);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
