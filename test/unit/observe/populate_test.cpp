// populate: who makes which pages of a plan.
#include "observe/populate.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <vector>

#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t gibibyte = std::size_t{1} << 30;
constexpr std::size_t page = 4096;

/// Node 0 with the CPUs 0-3, node 1 with 4-7.
topology two_nodes() { return topology::from_synthetic("numa:2 pu:4"); }
const std::vector<unsigned> all_cpus{0, 1, 2, 3, 4, 5, 6, 7};

plan plan_of(std::vector<plan_range> ranges, std::size_t page_size = page) {
  const std::size_t bytes = ranges.back().offset + ranges.back().length;
  return {.ranges = std::move(ranges), .bytes = bytes, .page_size = page_size};
}
plan_range on(node_id node, std::size_t offset, std::size_t length) {
  return {offset, length, {policy_mode::prefer, {node}}};
}

using cpus = std::vector<unsigned>;

BOOST_AUTO_TEST_SUITE(the_jobs_that_populate_a_plan)

BOOST_AUTO_TEST_CASE(are_pieces_of_8_mebibytes) {
  const auto jobs = populate_jobs(plan_of({on(0, 0, 20 * mebibyte)}), two_nodes(), all_cpus, 0);
  BOOST_TEST_REQUIRE(jobs.size() == 1U);
  const std::vector<populate_piece_at> expected{
      {0, 8 * mebibyte}, {8 * mebibyte, 8 * mebibyte}, {16 * mebibyte, 4 * mebibyte}};
  BOOST_TEST((jobs[0].pieces == expected));
}

BOOST_AUTO_TEST_CASE(cut_no_huge_page) {
  const auto jobs = populate_jobs(plan_of({on(0, 0, 2 * gibibyte)}, gibibyte), two_nodes(), all_cpus, 0);
  BOOST_TEST_REQUIRE(jobs.size() == 1U);
  BOOST_TEST((jobs[0].pieces == std::vector<populate_piece_at>{{0, gibibyte}, {gibibyte, gibibyte}}));
}

BOOST_AUTO_TEST_CASE(are_done_by_cpus_of_the_node_where_the_pages_will_lie) {
  const plan p = plan_of({on(1, 0, mebibyte), on(0, mebibyte, mebibyte), on(1, 2 * mebibyte, mebibyte)});
  const auto jobs = populate_jobs(p, two_nodes(), all_cpus, 0);
  BOOST_TEST_REQUIRE(jobs.size() == 2U);
  BOOST_TEST(same(jobs[0].cpus, cpus{0, 1, 2, 3}));
  BOOST_TEST((jobs[0].pieces == std::vector<populate_piece_at>{{mebibyte, mebibyte}}));
  BOOST_TEST(same(jobs[1].cpus, cpus{4, 5, 6, 7}));
  BOOST_TEST((jobs[1].pieces == std::vector<populate_piece_at>{{0, mebibyte}, {2 * mebibyte, mebibyte}}));
}

BOOST_AUTO_TEST_CASE(are_done_from_the_callers_node_where_the_toucher_decides) {
  const plan p = plan_of({{0, mebibyte, {policy_mode::local, {}}}});
  BOOST_TEST(same(populate_jobs(p, two_nodes(), all_cpus, 1)[0].cpus, cpus{4, 5, 6, 7}));
  const plan either = plan_of({{0, mebibyte, {policy_mode::bind, {0, 1}}}});
  BOOST_TEST(same(populate_jobs(either, two_nodes(), all_cpus, 1)[0].cpus, cpus{4, 5, 6, 7}));
}

BOOST_AUTO_TEST_CASE(are_done_by_cpus_that_the_process_may_use) {
  const plan p = plan_of({on(1, 0, mebibyte)});
  BOOST_TEST(same(populate_jobs(p, two_nodes(), {0, 1, 5}, 0)[0].cpus, cpus{5}));
  // A node without any: then whatever CPUs there are.
  BOOST_TEST(same(populate_jobs(p, two_nodes(), {0, 1}, 0)[0].cpus, cpus{0, 1}));
  // One that came online after the topology was loaded.
  const plan unknown = plan_of({on(7, 0, mebibyte)});
  BOOST_TEST(same(populate_jobs(unknown, two_nodes(), {0, 1}, 0)[0].cpus, cpus{0, 1}));
}

BOOST_AUTO_TEST_CASE(get_a_thread_for_each_32_mebibytes_but_no_more_than_there_are_cpus) {
  const auto threads = [](std::size_t bytes) {
    return populate_jobs(plan_of({on(0, 0, bytes)}), two_nodes(), all_cpus, 0)[0].threads;
  };
  BOOST_TEST(threads(31 * mebibyte) == 0U);
  BOOST_TEST(threads(32 * mebibyte) == 1U);
  BOOST_TEST(threads(100 * mebibyte) == 3U);
  BOOST_TEST(threads(10 * gibibyte) == 4U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
