// Pools, and what stands on them, whose nodes have no room (shape tiny: node 2 has 64 MiB and no CPU): a hard
// placement is an error then, and every block that was handed out can be touched. The runner fails every test in
// which the kernel killed a process.
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/node_pools.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/pool_resource.hpp>
#include <acre/resource_for.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <list>
#include <map>
#include <memory_resource>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "multinode/full_node.hpp"
#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"
#include "sys/files.hpp"

namespace acre::test {
namespace {

/// More than node 2 ever has free.
constexpr std::size_t whole_node = 64_MiB;

/// Blocks of a resource, each written as a whole, until there are no more.
class blocks_to_the_end {
 public:
  /// \param most blocks of which there cannot be so many
  blocks_to_the_end(std::pmr::memory_resource& from, std::size_t bytes, std::size_t most)
      : x_from(from), x_bytes(bytes) {
    while (x_all.size() < most) {
      try {
        x_all.push_back(from.allocate(bytes));
      } catch (const allocation_error& e) {
        x_end = e.code();
        x_text = e.what();
        return;
      }
      std::memset(x_all.back(), 1, bytes);
    }
  }
  ~blocks_to_the_end() { give_back(); }
  blocks_to_the_end(const blocks_to_the_end&) = delete;
  blocks_to_the_end& operator=(const blocks_to_the_end&) = delete;

  void give_back() {
    for (void* p : x_all) x_from.deallocate(p, x_bytes);
    x_all.clear();
  }
  std::size_t bytes() const { return x_all.size() * x_bytes; }
  std::error_code end() const { return x_end; }
  const std::string& text() const { return x_text; }
  /// Pages of the blocks that are not on the node.
  std::size_t elsewhere(unsigned node) const {
    std::size_t n = 0;
    for (void* p : x_all) {
      const std::vector<int> pages = page_nodes(p, x_bytes);
      n += static_cast<std::size_t>(
          std::ranges::count_if(pages, [&](int on) { return on != static_cast<int>(node); }));
    }
    return n;
  }

 private:
  std::pmr::memory_resource& x_from;
  std::size_t x_bytes;
  std::vector<void*> x_all;
  std::error_code x_end;
  std::string x_text;
};

std::uint64_t high_watermark(unsigned node) {
  return sys::high_watermarks(sys::zoneinfo().value(), node) * base_page();
}

void expect_ends_well(std::pmr::memory_resource& pool, std::size_t bytes) {
  BOOST_TEST_CONTEXT("blocks of " << bytes << " bytes") {
    blocks_to_the_end blocks(pool, bytes, 2 * whole_node / bytes);
    BOOST_TEST(blocks.end() == errc::node_full);
    BOOST_TEST(blocks.text().find("node 2") != std::string::npos, blocks.text());
    BOOST_TEST(blocks.elsewhere(small) == 0U);
    // Else the kernel, while it moves one of these pages, may call the OOM killer for who touches it. It reclaims
    // before. Pages in the lists of CPUs count for nobody, which is more than a third of the reserve on Linux 6.12.
    const node_memory left = topology::system().memory(small).value();
    BOOST_TEST(left.free + left.reclaimable > high_watermark(small));
    const std::size_t first = blocks.bytes();
    // Well: most of what was free.
    BOOST_TEST(first > 8_MiB);
    blocks.give_back();
    blocks_to_the_end again(pool, bytes, 2 * whole_node / bytes);
    BOOST_TEST(again.bytes() >= first / 10 * 8);
    BOOST_TEST(again.elsewhere(small) == 0U);
  }
}

struct kind_and_size {
  acre::page_kind page_kind;
  std::size_t bytes;
};
std::ostream& operator<<(std::ostream& out, const kind_and_size& k) {
  return out << to_string(k.page_kind) << '_' << k.bytes / 1024 << "KiB";
}
const std::vector<kind_and_size> kinds_and_sizes = [] {
  std::vector<kind_and_size> all;
  for (const page_kind kind : {page_kind::system, page_kind::transparent_huge}) {
    for (const std::size_t bytes : {1_KiB, 40_KiB, 200_KiB, 3_MiB, 17_MiB}) all.push_back({kind, bytes});
  }
  return all;
}();

BOOST_FIXTURE_TEST_SUITE(full_node_of_a_pool, innocent_neighbour)

BOOST_AUTO_TEST_SUITE(of, *named_cases(kinds_and_sizes))

BOOST_DATA_TEST_CASE(blocks, kinds_and_sizes, of) {
  pool_resource pool(placement::bind({small}), {.page_kind = of.page_kind});
  expect_ends_well(pool, of.bytes);
  // A pool that gives all back leaves the node as it was.
  pool.trim();
  BOOST_TEST(pool.statistics().used_bytes == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(is_an_error_for_a_vector) {
  using on_small = numa_allocator<double>;
  std::vector<double, on_small> v{on_small(placement::bind({small}))};
  BOOST_CHECK_EXCEPTION(for (;;) v.push_back(1.0), allocation_error, with_code(errc::node_full));
  BOOST_TEST(v.size() * sizeof(double) > 4_MiB);
  BOOST_TEST(std::ranges::count(v, 1.0) == std::ssize(v));
  expect_all_on(small, v.data(), v.size() * sizeof(double));
}

BOOST_AUTO_TEST_CASE(is_an_error_for_nodes_of_containers) {
  using on_small = numa_allocator<std::size_t>;
  std::list<std::size_t, on_small> l{on_small(placement::bind({small}))};
  BOOST_CHECK_EXCEPTION(for (std::size_t i = 0;; ++i) l.push_back(i), allocation_error,
                        with_code(errc::node_full));
  BOOST_TEST(l.size() > 100'000U);
  std::size_t at = 0;
  BOOST_TEST(std::ranges::all_of(l, [&](std::size_t i) { return i == at++; }));
}

BOOST_AUTO_TEST_CASE(is_an_error_for_the_pool_of_a_placement) {
  expect_ends_well(*resource_for(placement::bind({small})), 100_KiB);
}

BOOST_AUTO_TEST_CASE(is_an_error_for_pools_of_nodes) {
  node_pools pools;
  expect_ends_well(pools.pool(small), 100_KiB);
}

BOOST_AUTO_TEST_CASE(is_an_error_for_threads_at_once) {
  pool_resource pool(placement::bind({small}));
  std::atomic<std::size_t> wrong = 0;
  std::atomic<std::size_t> ends = 0;
  {
    std::vector<std::jthread> all;
    for (std::size_t t = 0; t != 4; ++t) {
      all.emplace_back([&, t] {
        for (int round = 0; round != 3; ++round) {
          const std::size_t bytes = (t + 1) * 30_KiB;
          const blocks_to_the_end blocks(pool, bytes, 2 * whole_node / bytes);
          if (blocks.end() == errc::node_full) ++ends;
          wrong += blocks.elsewhere(small);
        }
      });
    }
  }
  BOOST_TEST(ends == 12U);
  BOOST_TEST(wrong == 0U);
}

// Several nodes, each page on the one that its chunk is for.
BOOST_AUTO_TEST_CASE(is_an_error_for_chunks) {
  for (const placement& where :
       {placement::interleave({roomy, small}).hard(), placement::interleave({roomy, small}, 64_KiB).hard(),
        placement::weighted({{roomy, 1}, {small, 3}}).hard(), placement::blocked({roomy, small}).hard()}) {
    BOOST_TEST_CONTEXT(where) {
      pool_resource pool(where);
      const blocks_to_the_end blocks(pool, 3_MiB, 2 * whole_node / 3_MiB + 40);
      BOOST_TEST(blocks.end() == errc::node_full, blocks.text());
    }
  }
}

BOOST_AUTO_TEST_CASE(is_none_of_soft_placements) {
  pool_resource pool(placement::prefer({small}));
  const blocks_to_the_end blocks(pool, 3_MiB, 80_MiB / 3_MiB);
  BOOST_TEST(blocks.end() == std::error_code());
  BOOST_TEST(blocks.elsewhere(small) > 1000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
