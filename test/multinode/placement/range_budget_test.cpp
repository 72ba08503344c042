// Kernel mappings: a process with 64 GiB in pools of every placement has plenty left, and the end of the budget is an
// error.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/pool_resource.hpp>

#include <sys/mman.h>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <fstream>
#include <list>
#include <memory>
#include <thread>
#include <vector>

#include "multinode/touch.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"
#include "support/require.hpp"

namespace acre::test {
namespace {

constexpr std::size_t alignment = 64;

std::size_t most_mappings() {
  std::size_t most = 0;
  std::ifstream("/proc/sys/vm/max_map_count") >> most;
  return most;
}

std::vector<placement> every_placement() {
  const node_set all = to_node_set(usable_nodes());
  std::vector<placement> placements = {
      placement::unbound(),
      placement::local(),
      placement::bind(all),
      placement::prefer({all.first()}),
      placement::interleave(all),
      placement::interleave(all).hard(),
      placement::weighted(weights()),
      placement::weighted(weights()).hard(),
      placement::blocked(all),
      placement::blocked(weights()).soft(),
      placement::most_free(all),
      placement::most_free(all).hard(),
      placement::by_page([first = all.first()](std::size_t, std::size_t) { return first; }, all)};
  if (knows_policy(mpol::weighted)) placements.push_back(placement::weighted_by_system(all));
  return placements;
}

struct block {
  void* p;
  std::size_t bytes;
};

/// Blocks of sizes in turn, so many bytes of them, not touched.
std::vector<block> fill(std::pmr::memory_resource& from, std::size_t bytes,
                        std::initializer_list<std::size_t> sizes) {
  std::vector<block> blocks;
  std::size_t sum = 0;
  for (auto size = sizes.begin(); sum < bytes; ++size) {
    if (size == sizes.end()) size = sizes.begin();
    blocks.push_back({from.allocate(*size, alignment), *size});
    sum += *size;
  }
  return blocks;
}

void give_back(std::pmr::memory_resource& to, const std::vector<block>& blocks) {
  for (const block& b : blocks) to.deallocate(b.p, b.bytes, alignment);
}

/// Of more than the machine has: mappings without pages.
const pool_options untouched{.commit = commit::lazy};

/// What a program needs mappings for besides.
void expect_the_process_to_live() {
  unsigned sum = 0;
  for (unsigned i = 0; i != 50; ++i) std::thread([&] { sum += i; }).join();
  BOOST_TEST(sum == 49U * 50 / 2);
  const std::size_t page = base_page();
  void* const p = ::mmap(nullptr, 5 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  BOOST_TEST_REQUIRE(p != MAP_FAILED);
  BOOST_TEST(::mprotect(static_cast<char*>(p) + page, page, PROT_READ) == 0);
  BOOST_TEST(::munmap(static_cast<char*>(p) + 3 * page, page) == 0);
  BOOST_TEST(::munmap(p, 5 * page) == 0);
}

BOOST_AUTO_TEST_SUITE(mappings)

BOOST_AUTO_TEST_CASE(last_for_64_gib_in_a_pool_of_every_placement) {
  std::vector<std::unique_ptr<pool_resource>> pools;
  std::vector<std::vector<block>> blocks;
  for (const placement& where : every_placement()) {
    BOOST_TEST_CONTEXT(where) {
      pools.push_back(std::make_unique<pool_resource>(where, untouched));
      // Placed by the block, each block costs a mapping for each node: large ones. Small ones would take as much memory
      // for their books as this machine has.
      const bool by_block = where.strategy() == strategy::blocked || where.strategy() == strategy::by_page;
      blocks.push_back(by_block ? fill(*pools.back(), 64_GiB, {96_MiB, 32_MiB, 160_MiB})
                                : fill(*pools.back(), 64_GiB, {1_MiB, 9_MiB, 300_KiB, 20_MiB, 3_MiB}));
    }
  }
  const std::size_t used = count_mappings();
  BOOST_TEST_MESSAGE(pools.size() << " pools of 64 GiB: " << used << " mappings");
  BOOST_TEST(used < most_mappings() / 10 * 8);
  expect_the_process_to_live();
  for (std::size_t i = 0; i != pools.size(); ++i) give_back(*pools[i], blocks[i]);
}

BOOST_AUTO_TEST_CASE(last_for_many_areas_and_pools_at_once) {
  const placement where = placement::weighted(weights());
  area pages(where);
  const std::vector<block> large = fill(pages, 64_GiB, {250_MiB, 17_MiB, 130_MiB});
  std::vector<std::unique_ptr<pool_resource>> pools;
  std::vector<std::vector<block>> blocks;
  for (int i = 0; i != 20; ++i) {
    pools.push_back(std::make_unique<pool_resource>(i % 2 == 0 ? where : where.hard(), untouched));
    blocks.push_back(fill(*pools.back(), 4_GiB, {2_MiB, 100_KiB, 40_MiB}));
  }
  BOOST_TEST(count_mappings() < most_mappings() / 10 * 8);
  expect_the_process_to_live();
  for (std::size_t i = 0; i != pools.size(); ++i) give_back(*pools[i], blocks[i]);
  give_back(pages, large);
}

BOOST_AUTO_TEST_CASE(end_with_an_error_after_which_all_else_works) {
  // By page, and by the block: what automatic chunks avoid.
  pool_resource pool(placement::weighted(weights(), chunk::page), untouched);
  std::vector<block> blocks;
  BOOST_CHECK_EXCEPTION(for (;;) blocks.push_back({pool.allocate(1_MiB, alignment), 1_MiB}), allocation_error,
                        with_code(errc::too_many_ranges).saying("vm.max_map_count"));
  BOOST_TEST(blocks.size() > 20U);
  BOOST_TEST(count_mappings() < most_mappings() / 10 * 8);
  expect_the_process_to_live();
  // What needs one policy goes on, as do small blocks.
  pool_resource other(placement::bind(to_node_set(usable_nodes())), untouched);
  give_back(other, fill(other, 1_GiB, {20_MiB, 64}));
  // And what is given back is there again.
  give_back(pool, blocks);
  pool.trim();
  give_back(pool, fill(pool, blocks.size() / 2 * 1_MiB, {1_MiB}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(automatic_chunks)

/// Pages of the blocks on each node.
std::map<unsigned, std::size_t> places(const std::vector<block>& blocks) {
  std::map<unsigned, std::size_t> on;
  for (const block& b : blocks) {
    touch(b.p, b.bytes);
    for (const auto& [node, pages] : count_pages(b.p, b.bytes)) on[node] += pages;
  }
  return on;
}

/// Within 8 %, which is what a round more or less makes in the pool's last slab.
void expect_shares(const std::map<unsigned, std::size_t>& on, const std::vector<node_weight>& shares) {
  double pages = 0;
  double parts = 0;
  for (const auto& [node, count] : on) pages += static_cast<double>(count);
  for (const node_weight& w : shares) parts += w.weight;
  for (const node_weight& w : shares) {
    BOOST_TEST_INFO("node " << w.node);
    BOOST_TEST_REQUIRE(on.contains(w.node));
    BOOST_TEST(static_cast<double>(on.at(w.node)) / pages == w.weight / parts,
               boost::test_tools::tolerance(0.08));
  }
}

/// A page under no policy.
const void* untouched_elsewhere() {
  static const mapping m(base_page());
  return m.data();
}

BOOST_AUTO_TEST_CASE(deal_out_blocks_of_all_sizes_by_weight) {
  const std::vector<node_weight> shares = weights();
  for (const placement& where : {placement::weighted(shares), placement::weighted(shares).hard()}) {
    for (const std::size_t size : {64_KiB, 1_MiB, 6_MiB, 20_MiB}) {
      BOOST_TEST_CONTEXT(where << ", blocks of " << size) {
        pool_resource pool(where);
        const std::vector<block> blocks = fill(pool, 80_MiB, {size});
        expect_shares(places(blocks), shares);
        // Some: Linux 6.1 reads all mappings of the process for each.
        for (const block& b : {blocks.front(), blocks[blocks.size() / 2], blocks.back()})
          BOOST_TEST(check(b.p, b.bytes, where).ok(), check(b.p, b.bytes, where));
        BOOST_TEST(!check(untouched_elsewhere(), base_page(), where).ok());
        give_back(pool, blocks);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(are_not_what_other_policies_of_the_same_nodes_do) {
  const std::vector<node_weight> shares = weights();
  const node_set all = to_node_set(usable_nodes());
  const mapping m(4_MiB);
  for (const auto& [other, where] : {std::pair(placement::bind(all), placement::interleave(all).hard()),
                                     std::pair(placement::bind(all), placement::weighted(shares).hard()),
                                     std::pair(placement::prefer(all), placement::weighted(shares)),
                                     std::pair(placement::interleave(all), placement::most_free(all))}) {
    apply(m.data(), m.size(), other);
    BOOST_TEST(!check(m.data(), m.size(), where).ok(), where << " / " << other);
  }
}

BOOST_AUTO_TEST_CASE(deal_out_an_areas_blocks_exactly) {
  const std::vector<node_weight> shares = weights();
  area pages(placement::weighted(shares).hard());
  for (const std::size_t size : {4_KiB, 1_MiB, 40_MiB}) {
    BOOST_TEST_CONTEXT(size << " bytes") {
      void* const p = pages.allocate(size, alignment);
      touch(p, size);
      BOOST_TEST(pages.check_block(p, size).ok(), pages.check_block(p, size));
      if (size >= 1_MiB) expect_shares(count_pages(p, size), shares);
      pages.deallocate(p, size, alignment);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
