#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/plan.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "plan_machines.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre::test {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();

const topology& four_nodes() {
  static const topology machine = plain_machine(4);
  return machine;
}

plan_options with_limit(std::size_t ranges) {
  plan_options options;
  options.max_ranges = ranges;
  return options;
}

plan_options with_pages(std::size_t page_size) {
  plan_options options;
  options.page_size = page_size;
  return options;
}

/// The message.
std::string refused(errc code, const placement& where, std::size_t bytes, const plan_options& options = {},
                    const topology& machine = four_nodes()) {
  std::string message;
  const auto has_code = [&](const error& e) {
    message = e.what();
    return with_code(code)(e);
  };
  BOOST_TEST_INFO(where << ", " << bytes << " bytes");
  BOOST_CHECK_EXCEPTION((void)make_plan(where, bytes, machine, options), error, has_code);
  return message;
}

void expect_words(const std::string& text, const std::vector<std::string>& words) {
  for (const std::string& w : words) BOOST_TEST(contains(text, w));
}

BOOST_AUTO_TEST_SUITE(plan_limits)

BOOST_AUTO_TEST_CASE(are_named_with_the_count_and_a_chunk_that_would_do) {
  const placement where = placement::interleave({0, 1, 2, 3}, page).hard();
  const std::string text = refused(errc::too_many_ranges, where, gib);
  expect_words(text, {"interleave 0-3 by 4KiB hard of 1GiB needs 262144 ranges", "the limit is 16384",
                      "vm.max_map_count", "a chunk of 64KiB or more would do"});
  BOOST_TEST(make_plan(placement::interleave({0, 1, 2, 3}, 65536).hard(), gib, four_nodes()).ranges.size() ==
             16384U);
}

BOOST_AUTO_TEST_CASE(are_told_with_the_smallest_chunk_that_would_do) {
  for (std::size_t pages : {std::size_t{100}, std::size_t{997}, std::size_t{4096}}) {
    for (std::size_t limit : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{30}}) {
      std::vector<node_weight> weights = {{2, 3}, {0, 1}, {1, 5}};
      const std::string text = refused(errc::too_many_ranges, placement::weighted(weights, chunk::page),
                                       pages * page, with_limit(limit));
      std::size_t least = 1;
      const auto count = [&] {
        return make_plan(placement::weighted(weights, least * page), pages * page, four_nodes())
            .ranges.size();
      };
      while (count() > limit) ++least;
      expect_words(text, {"a chunk of " + format_bytes(least * page) + " or more would do"});
    }
  }
}

BOOST_AUTO_TEST_CASE(allow_exactly_so_many_ranges) {
  const placement where = placement::interleave({0, 1}, chunk::page).hard();
  BOOST_TEST(make_plan(where, 8 * page, four_nodes(), with_limit(8)).ranges.size() == 8U);
  (void)refused(errc::too_many_ranges, where, 8 * page + 1, with_limit(8));
  BOOST_TEST(make_plan(placement::blocked({0, 1, 2}), gib, four_nodes(), with_limit(3)).ranges.size() == 3U);
  expect_words(refused(errc::too_many_ranges, placement::blocked({0, 1, 2}), gib, with_limit(2)),
               {"needs 3 ranges", "the limit is 2", "fewer nodes"});
}

BOOST_AUTO_TEST_CASE(of_nothing_refuse_everything) {
  for (const placement& where :
       {placement::unbound(), placement::local(), placement::bind({0}), placement::interleave({0, 1}),
        placement::interleave({0}).hard(), placement::weighted({{0, 1}}), placement::blocked({0}),
        placement::most_free({0}), placement::most_free({0, 1}), placement::weighted_by_system({0})}) {
    expect_words(refused(errc::too_many_ranges, where, page, with_limit(0)), {"the limit is 0"});
  }
}

BOOST_AUTO_TEST_CASE(stop_what_cannot_be_counted) {
  std::size_t calls = 0;
  const auto alternate = [&](std::size_t i, std::size_t) {
    ++calls;
    return static_cast<node_id>(i % 2);
  };
  expect_words(
      refused(errc::too_many_ranges, placement::by_page(alternate, {0, 1}), 1024 * gib, with_limit(10)),
      {"by_page 0-1 of 1TiB", "more than 10 ranges"});
  BOOST_TEST(calls == 11U);
  expect_words(
      refused(errc::too_many_ranges, placement::most_free({0, 1}, page), largest - 2 * page, with_limit(10)),
      {"more than 10 ranges", "a chunk of ", " or more would do"});
}

BOOST_AUTO_TEST_CASE(are_told_with_a_chunk_that_does_for_most_free) {
  const std::size_t bytes = 1000 * page;
  expect_words(refused(errc::too_many_ranges, placement::most_free({0, 1, 2}, page), bytes, with_limit(16)),
               {"a chunk of 252KiB or more would do"});
  BOOST_TEST(make_plan(placement::most_free({0, 1, 2}, 63 * page), bytes, four_nodes()).ranges.size() <= 16U);
}

std::size_t round_of(const placement& where) {
  std::size_t all = 0;
  for (const node_weight& w : where.weights()) all += w.weight;
  return where.weights().empty() ? where.nodes().size() : all;
}

/// The chunk that is right for so many ranges, found by trying all.
std::size_t automatic_chunk(const placement& where, std::size_t pages, std::size_t ranges) {
  std::size_t chunk = 1;
  while (2 * chunk * round_of(where) <= pages &&
         make_plan(where.by(chunk * page), pages * page, four_nodes(), with_limit(largest)).ranges.size() >
             ranges)
    chunk *= 2;
  return chunk * page;
}

BOOST_AUTO_TEST_CASE(make_automatic_chunks_coarser_and_never_less_than_a_round) {
  for (const placement& where :
       {placement::interleave({0, 1}).hard(), placement::interleave({0, 1, 2, 3}).hard(),
        placement::weighted({{0, 3}, {1, 1}}), placement::weighted({{3, 1}, {0, 7}, {1, 5}}).hard(),
        placement::weighted({{0, 65535}, {1, 1}}), placement::weighted({{2, 9}})}) {
    for (const std::size_t pages : {1UL, 2UL, 3UL, 7UL, 100UL, 512UL, 513UL, 1000UL, 16384UL, 100'000UL}) {
      for (const std::size_t ranges : {0UL, 1UL, 2UL, 5UL, 16UL, 512UL}) {
        BOOST_TEST_CONTEXT(where << ", " << pages << " pages, " << ranges << " ranges") {
          const plan p = make_plan(where, pages * page, four_nodes(),
                                   {.page_size = page, .max_ranges = largest, .automatic_ranges = ranges});
          BOOST_TEST(p.chunk == automatic_chunk(where, pages, ranges));
          BOOST_TEST(p.ranges.size() <= std::max(ranges, 2 * where.nodes().size()));
          node_set used;
          for (const plan_range& r : p.ranges) used = used | r.policy.nodes;
          if (pages >= round_of(where)) BOOST_TEST(used == where.nodes());
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(leave_what_needs_no_ranges_by_page) {
  const plan p = make_plan(placement::interleave({0, 1}), 1024 * gib, four_nodes());
  BOOST_TEST(p.chunk == page);
  BOOST_TEST(p.ranges.size() == 1U);
  BOOST_TEST(make_plan(placement::most_free({0, 1}), gib, four_nodes()).chunk == gib);
}

BOOST_AUTO_TEST_CASE(refuse_sizes_that_overflow_and_never_wrap) {
  for (const placement& where : {placement::unbound(), placement::bind({0}), placement::interleave({0, 1}),
                                 placement::blocked({0, 1})}) {
    (void)refused(errc::invalid_size, where, 0);
    for (std::size_t less : {0U, 1U, 7U, 4094U}) (void)refused(errc::invalid_size, where, largest - less);
    (void)refused(errc::invalid_size, where, largest - 4095, with_pages(std::size_t{2} << 20));
    expect_words(refused(errc::invalid_size, where, largest), {std::to_string(largest), "4KiB"});
    BOOST_TEST(make_plan(where, largest - 4095, four_nodes()).bytes == largest - 4095);
    BOOST_TEST(make_plan(where, largest - 4096, four_nodes()).bytes == largest - 4095);
  }
}

BOOST_AUTO_TEST_CASE(allow_gigantic_sizes_that_are_planned_exactly) {
  const std::size_t bytes = largest - 4095;
  const plan halves = make_plan(placement::blocked({{0, 65535}, {1, 65535}}), bytes, four_nodes());
  BOOST_TEST_REQUIRE(halves.ranges.size() == 2U);
  BOOST_TEST(halves.ranges[0].length + halves.ranges[1].length == bytes);
  BOOST_TEST(halves.ranges[0].length == bytes / 2 / page * page);
  const plan rounds = make_plan(placement::weighted({{0, 65535}, {1, 1}}, bytes / 4), bytes, four_nodes());
  BOOST_TEST(rounds.ranges.size() == 1U);
  expect_words(refused(errc::too_many_ranges, placement::interleave({0, 1}, chunk::page).hard(), bytes),
               {"needs " + std::to_string(bytes / page) + " ranges"});
  const plan single_bytes =
      make_plan(placement::most_free({0, 1}, PTRDIFF_MAX), largest, four_nodes(), with_pages(1));
  BOOST_TEST(single_bytes.bytes == largest);
  BOOST_TEST(single_bytes.chunk == std::size_t{PTRDIFF_MAX});
}

BOOST_AUTO_TEST_CASE(take_the_largest_chunk_for_everything) {
  const plan p = make_plan(placement::interleave({0, 1}, PTRDIFF_MAX), 3 * page, four_nodes());
  BOOST_TEST_REQUIRE(p.ranges.size() == 1U);
  BOOST_TEST(p.ranges[0].policy == (policy{policy_mode::prefer, {0}}));
  BOOST_TEST(p.chunk == 3 * page);
  BOOST_TEST(p.chunk_rounded);
}

BOOST_AUTO_TEST_CASE(want_a_page_size_that_is_a_power_of_two) {
  for (std::size_t bad : {std::size_t{0}, std::size_t{3}, std::size_t{4095}, std::size_t{12288}, largest}) {
    expect_words(refused(errc::invalid_alignment, placement::unbound(), 1, with_pages(bad)),
                 {std::to_string(bad), "power of two"});
  }
  BOOST_TEST(make_plan(placement::unbound(), 5, four_nodes(), with_pages(1)).bytes == 5U);
  const std::size_t half = std::size_t{1} << 63;
  BOOST_TEST(make_plan(placement::unbound(), 5, four_nodes(), with_pages(half)).bytes == half);
}

BOOST_AUTO_TEST_CASE(want_nodes_that_are_usable) {
  const topology machine = odd_machine();
  for (const node_set& bad : {node_set{3}, node_set{0, 4}, node_set{1023}}) {
    (void)refused(errc::unknown_node, placement::bind(bad), page, {}, machine);
    (void)refused(errc::unknown_node, placement::interleave(bad), page, {}, machine);
    (void)refused(errc::unknown_node, placement::blocked(bad), page, {}, machine);
  }
  (void)refused(errc::node_without_memory, placement::bind({1}), page, {}, machine);
  (void)refused(errc::node_without_memory, placement::weighted({{0, 1}, {1, 1}}), page, {}, machine);
  BOOST_TEST(make_plan(placement::unbound(), page, machine).ranges.size() == 1U);
  BOOST_TEST(make_plan(placement::local(), page, machine).ranges.size() == 1U);
}

BOOST_AUTO_TEST_CASE(want_by_page_to_stay_on_its_nodes) {
  const auto third_is_wrong = [](std::size_t i, std::size_t) { return i == 2 ? 3U : 0U; };
  expect_words(refused(errc::invalid_function, placement::by_page(third_is_wrong, {0, 1}), 9 * page),
               {"node 3", "page 2 of 9", "not one of 0-1"});
  const auto absurd = [](std::size_t, std::size_t) { return 4000000000U; };
  (void)refused(errc::invalid_function, placement::by_page(absurd, {0, 1}), 9 * page);
}

BOOST_AUTO_TEST_CASE(let_through_what_a_by_page_function_throws) {
  const auto throws = [](std::size_t, std::size_t) -> node_id { throw std::runtime_error("mine"); };
  BOOST_CHECK_THROW((void)make_plan(placement::by_page(throws, {0}), page, four_nodes()), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
