// What reports say of their numbers: of what, in which unit, in the singular for one.
#include <acre/area.hpp>
#include <acre/binding_of.hpp>
#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/migrate.hpp>
#include <acre/move_process.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(a_report)

BOOST_AUTO_TEST_CASE(of_an_area_tells_its_blocks_and_bytes) {
  area_status s{.asked = placement::bind({1}), .installed = "bind 1", .downgrades = {}};
  BOOST_TEST(s.to_string() == "asked: bind 1; installed: bind 1; 0 live blocks, together 0 B");
  s.blocks = 1;
  s.bytes = 4096;
  s.downgrades.emplace_back().text = "one thing is less";
  BOOST_TEST(s.to_string() ==
             "asked: bind 1; installed: bind 1; 1 live block, together 4 KiB; one thing is less");
}

BOOST_AUTO_TEST_CASE(of_a_pool_has_a_unit_for_each_number) {
  pool_statistics s;
  s.live_blocks = 1;
  s.live_bytes = 64;
  s.used_bytes = 14783 << 10;
  s.used_peak = 1 << 20;
  s.mapped_bytes = 1536 << 10;
  s.allocations = 1;
  s.thread_caches = 1;
  s.refills = 1;
  s.flushes = 2;
  s.remote_frees = 1;
  BOOST_TEST(
      s.to_string() ==
      "1 live block, together 64 B (14.4 MiB used, 1 MiB at most; 1.5 MiB mapped, 0 B of it retained); "
      "1 allocation, 0 from 1 cache, 1 refill, 2 lists flushed, 1 remote free, 0 trims");
}

BOOST_AUTO_TEST_CASE(of_pages_says_that_they_are) {
  const residency where{.page_size = 4096, .pages = 4, .untouched = 1, .per_node = {{0, 1}, {2, 2}}};
  BOOST_TEST(where.to_string() == "node 0: 1 page, node 2: 2 pages, 1 page untouched");
  BOOST_TEST((residency{.pages = 2, .untouched = 2, .per_node = {}}.to_string()) == "2 pages untouched");
  check_result check{.policy = {}, .page = misplaced_page{0, 0, {1}}, .misplaced = 1, .where = where};
  BOOST_TEST(check.to_string() ==
             "1 page lies elsewhere, the first is page 0 (byte 0, 0) on node 0 instead of 1: " +
                 where.to_string());
}

BOOST_AUTO_TEST_CASE(of_what_was_moved_is_in_the_singular_for_one) {
  migration done;
  done.moved = 1;
  done.in_place = 2;
  BOOST_TEST(done.to_string() == "1 page moved, 2 in place");
  process_migration all;
  all.pid = 7;
  all.moves.push_back({.from = 0, .to = 1, .pages = 1, .moved = 1, .error = {}});
  all.moves.push_back({.from = 2, .to = 3, .pages = 3, .moved = 1, .left = 2, .left_shared = 1, .error = {}});
  BOOST_TEST(
      all.to_string() ==
      "process 7: node 0 to 1: 1 of 1 page moved; node 2 to 3: 1 of 3 pages moved, 2 left (1 in mappings "
      "shared with other processes)");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
