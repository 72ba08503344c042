// pool_resource over every placement: after much churn, blocks lie as if they were new.
#include <acre/pool_resource.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <optional>
#include <vector>

#include "multinode/churn.hpp"
#include "multinode/model.hpp"
#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t alignment = 8;

/// What a pool over one placement must do.
class placed_pool {
 public:
  explicit placed_pool(const sample& s) : expected(s.make(usable_list(), base_page())) {
    expected.made = true;
  }

  expectation expected;

  bool is_supported() const {
    return expected.where.strategy() != strategy::weighted_by_system || knows_policy(mpol::weighted);
  }

  void expect_placed(const pool_resource& pool, const placed_block& b) const {
    if (b.bytes > pool.options().largest_small) {
      expect_as_modelled(expected, b.p, b.bytes, planned_page(b.bytes), false);
      return;
    }
    // Small blocks share pages that are placed together.
    const nodes allowed = expected.lies({0, 1, std::nullopt});
    for (const int node : page_nodes(b.p, b.bytes)) {
      BOOST_TEST_REQUIRE(node >= 0);
      if (expected.where.strategy() == strategy::bind) {
        BOOST_TEST_REQUIRE(allowed.contains(static_cast<unsigned>(node)), "node " << node);
      }
      BOOST_TEST_REQUIRE(x_usable.contains(static_cast<unsigned>(node)), "node " << node);
    }
  }

 private:
  /// Pages that a block of the pool is planned in, where that can be told from the outside.
  std::size_t planned_page(std::size_t bytes) const {
    const std::size_t huge = page_size(page_kind::transparent_huge);
    return expected.where.strategy() == strategy::blocked && bytes >= huge ? huge : base_page();
  }

  const nodes x_usable = usable_nodes();
};

BOOST_AUTO_TEST_SUITE(pools, *named_cases(samples()))

BOOST_DATA_TEST_CASE(keep_their_placement_through_churn, samples(), s) {
  const placed_pool placed(s);
  if (!placed.is_supported()) {
    BOOST_CHECK_EXCEPTION(pool_resource pool(placed.expected.where), error,
                          with_code(errc::unsupported_placement));
    return;
  }
  // So little is retained that pages go back to the system and are placed anew all the time.
  pool_resource pool(placed.expected.where, {.retained = std::size_t{16} << 20});
  churn_options options;
  options.blocks_per_round = 150;
  options.kept = 40;
  options.largest = std::size_t{256} << 10;
  options.huge = std::size_t{20} << 20;
  std::size_t rounds = 0;
  options.between = [&] {
    if (++rounds % 3 == 0) pool.trim();
  };
  const std::vector<placed_block> live = churn(
      [&](std::size_t bytes) {
        const std::size_t good = pool.good_size(bytes, alignment);
        return placed_block{static_cast<char*>(pool.allocate(good, alignment)), good, 0};
      },
      [&](const placed_block& b) { pool.deallocate(b.p, b.bytes, alignment); }, options);
  BOOST_TEST(pool.statistics().live_blocks == live.size());
  for (const placed_block& b : live) {
    BOOST_TEST_CONTEXT("a block of " << b.bytes << " bytes") { placed.expect_placed(pool, b); }
    if (has_failed()) break;
  }
  for (const placed_block& b : live) pool.deallocate(b.p, b.bytes, alignment);
  BOOST_TEST(pool.statistics().live_blocks == 0U);
  pool.trim();
  BOOST_TEST(pool.statistics().mapped_bytes <= (std::size_t{64} << 20));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pools_of_one_node)

BOOST_AUTO_TEST_CASE(have_all_their_pages_there) {
  for (const unsigned node : usable_nodes()) {
    pool_resource pool(placement::bind({node}));
    const std::vector<placed_block> live = churn(
        [&](std::size_t bytes) {
          return placed_block{static_cast<char*>(pool.allocate(bytes, alignment)), bytes, node};
        },
        [&](const placed_block& b) { pool.deallocate(b.p, b.bytes, alignment); });
    expect_all_in_place(live);
    const residency r = pool.resident();
    BOOST_TEST_INFO(r);
    BOOST_TEST(r.resident() == r.on(node));
    BOOST_TEST(r.on(node) > 0U);
    for (const placed_block& b : live) pool.deallocate(b.p, b.bytes, alignment);
  }
}

BOOST_AUTO_TEST_CASE(fault_trimmed_pages_in_there_again) {
  const std::size_t bytes = std::size_t{4} << 20;
  for (const unsigned node : usable_nodes()) {
    pool_resource pool(placement::bind({node}));
    void* const kept = pool.allocate(bytes, alignment);
    for (const unsigned cpu : one_cpu_per_node()) {
      const pinned there(cpu);
      void* const p = pool.allocate(bytes, alignment);
      touch(p, bytes);
      expect_all_on(node, p, bytes);
      pool.deallocate(p, bytes, alignment);
      BOOST_TEST(pool.trim() >= bytes / 2);
    }
    pool.deallocate(kept, bytes, alignment);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pools_by_first_touch)

BOOST_AUTO_TEST_CASE(place_each_large_block_anew) {
  pool_resource pool(placement::local());
  const std::size_t bytes = 200'000;
  for (const unsigned cpu : one_cpu_per_node()) {
    const pinned there(cpu);
    const nodes near = nearest(node_of_cpu(cpu), usable_nodes());
    void* const p = pool.allocate(bytes, alignment);
    touch(p, bytes);
    for (const int node : page_nodes(p, bytes)) {
      BOOST_TEST_REQUIRE(node >= 0);
      BOOST_TEST(near.contains(static_cast<unsigned>(node)), "CPU " << cpu << ", node " << node);
    }
    pool.deallocate(p, bytes, alignment);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
