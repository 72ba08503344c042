// Eager hard memory by weights of which a node has no room (shape tiny: nodes 1 and 2 have 64 MiB).
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <vector>

#include "multinode/full_node.hpp"
#include "multinode/touch.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t alignment = 64;

BOOST_FIXTURE_TEST_SUITE(exact_pages_of_a_full_node, innocent_neighbour)

BOOST_AUTO_TEST_CASE(are_an_error_that_names_it) {
  const placement where = placement::weighted({{roomy, 1}, {small, 1}}, 64_KiB).hard();
  area pages(where, {.commit = commit::eager});
  const std::size_t mappings = count_mappings();
  const auto full = with_code(errc::node_full).saying("node 2");
  BOOST_CHECK_EXCEPTION((void)pages.allocate(150_MiB, alignment), allocation_error, full);
  BOOST_TEST(count_mappings() == mappings);
  {
    // Of which there seems to be enough at first.
    std::vector<void*> blocks;
    BOOST_CHECK_EXCEPTION(for (int i = 0; i != 100; ++i) blocks.push_back(pages.allocate(4_MiB, alignment)),
                          allocation_error, full);
    BOOST_TEST(blocks.size() > 5U);
    for (void* p : blocks) {
      touch(p, 4_MiB);
      BOOST_TEST(check(p, 4_MiB, where).ok());
      pages.deallocate(p, 4_MiB, alignment);
    }
  }
  BOOST_TEST(count_mappings() <= mappings);
  BOOST_TEST(pages.status().blocks == 0U);
}

BOOST_AUTO_TEST_CASE(are_an_error_of_the_pool) {
  const placement where = placement::weighted({{roomy, 1}, {small, 1}}).hard();
  pool_resource pool(where);
  for (const std::size_t bytes : {100_KiB, 3_MiB, 20_MiB}) {
    BOOST_TEST_CONTEXT("blocks of " << bytes) {
      std::vector<void*> blocks;
      BOOST_CHECK_EXCEPTION(for (std::size_t i = 0; i != 200_MiB / bytes; ++i)
                                blocks.push_back(pool.allocate(bytes, alignment)),
                            allocation_error, with_code(errc::node_full).saying("node 2"));
      BOOST_TEST(blocks.size() * bytes > 30_MiB);
      for (void* p : blocks) {
        touch(p, bytes);
        const check_result told = check(p, bytes, where);
        BOOST_TEST(told.ok(), told);
        pool.deallocate(p, bytes, alignment);
      }
      pool.trim();
      BOOST_TEST(pool.statistics().mapped_bytes == 0U);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
