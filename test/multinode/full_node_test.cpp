// Nodes without room (shape tiny: node 2 has 64 MiB and no CPU). Soft placements spill; hard ones are errors, and
// the runner fails every test in which the kernel killed a process.
#include <gtest/gtest.h>
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/migrate.hpp>
#include <acre/prefault.hpp>

#include <vector>

#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr unsigned roomy = 0;
constexpr unsigned small = 2;
constexpr std::size_t too_much = 80 * mib;

class full_node : public testing::Test {
 protected:
  /// From a CPU of another node the innocent process might take its memory from the small one.
  const pinned x_there{one_cpu_per_node().at(roomy)};
  innocent_process beside{50 * mib};

  void TearDown() override { EXPECT_TRUE(beside.alive()); }

  static area_options eager() {
    area_options o;
    o.commit = commit::eager;
    return o;
  }

  /// The kernel gives pages back in batches of each CPU.
  static void expect_given_back(std::uint64_t free_before) {
    EXPECT_GT(node_meminfo(small, "MemFree") + 6 * mib, free_before);
  }

  static void spills(const placement& where, std::size_t bytes, area_options options = {}) {
    SCOPED_TRACE(where.to_string());
    area a(where, options);
    void* p = a.allocate(bytes);
    touch(p, bytes);
    const auto counts = count_pages(p, bytes);
    EXPECT_GT(counts.at(small), 1000U);
    // Not always to the roomy node: node 1 is nearer to the small one.
    EXPECT_GT(page_nodes(p, bytes).size() - counts.at(small), 1000U);
    EXPECT_EQ(count_untouched(p, bytes), 0U);
    EXPECT_FALSE(a.check_block(p, bytes).ok());
    EXPECT_GT(a.check_block(p, bytes).misplaced, 0U);
    a.deallocate(p, bytes);
  }

  static void is_refused(const placement& where, std::size_t bytes) {
    SCOPED_TRACE(where.to_string());
    area a(where, eager());
    a.deallocate(a.allocate(base_page()), base_page());
    const std::size_t mappings = count_mappings();
    const std::uint64_t free = node_meminfo(small, "MemFree");
    EXPECT_EQ(code_of([&] { a.deallocate(a.allocate(bytes), bytes); }), errc::node_full);
    EXPECT_EQ(count_mappings(), mappings);
    expect_given_back(free);
    EXPECT_EQ(a.status().blocks, 0U);
  }
};

TEST_F(full_node, soft_memory_spills_when_touched) { spills(placement::prefer({small}), too_much); }
TEST_F(full_node, soft_memory_spills_when_committed_eagerly) {
  spills(placement::prefer({small}), too_much, eager());
}
TEST_F(full_node, soft_blocks_spill) { spills(placement::blocked({roomy, small}).soft(), 2 * too_much); }
TEST_F(full_node, soft_chunks_spill) { spills(placement::interleave({roomy, small}, mib), 2 * too_much); }
TEST_F(full_node, most_free_spills) { spills(placement::most_free({small}), too_much); }

TEST_F(full_node, eager_bind_is_an_error) { is_refused(placement::bind({small}), too_much); }
TEST_F(full_node, eager_blocks_are_an_error) { is_refused(placement::blocked({roomy, small}), 2 * too_much); }
TEST_F(full_node, eager_hard_interleave_is_an_error) {
  is_refused(placement::interleave({roomy, small}, mib).hard(), 2 * too_much);
}
TEST_F(full_node, eager_by_page_is_an_error) {
  is_refused(placement::by_page([](std::size_t i, std::size_t n) { return i < n / 8 ? roomy : small; },
                                {roomy, small}),
             too_much);
}

TEST_F(full_node, a_refused_block_leaves_room_for_a_smaller_one) {
  area a(placement::bind({small}), eager());
  EXPECT_EQ(code_of([&] { a.deallocate(a.allocate(too_much), too_much); }), errc::node_full);
  void* p = a.allocate(8 * mib);
  expect_all_on(small, p, 8 * mib);
  a.deallocate(p, 8 * mib);
}

TEST_F(full_node, prefaulting_hard_memory_is_an_error_and_keeps_it_hard) {
  area a(placement::bind({small}));
  void* p = a.allocate(too_much);
  EXPECT_EQ(code_of([&] { prefault(p, too_much); }), errc::node_full);
  EXPECT_EQ(policy_at(p), (kernel_policy{mpol::bind, {small}}));
  a.deallocate(p, too_much);
}

TEST_F(full_node, migrating_to_it_counts_what_has_no_room) {
  area a(placement::bind({roomy}));
  void* p = a.allocate(too_much);
  sign_pages(p, too_much);
  const migration done = migrate(p, too_much, placement::bind({small}));
  EXPECT_GT(done.no_room, 0U) << done;
  EXPECT_GT(done.moved, 0U) << done;
  EXPECT_EQ(count_pages(p, too_much).at(small), done.moved);
  EXPECT_TRUE(pages_are_signed(p, too_much));
  a.deallocate(p, too_much);
}

}  // namespace
}  // namespace acre::test
