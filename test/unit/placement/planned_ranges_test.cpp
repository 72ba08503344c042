#include "placement/planned_ranges.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "plan_machines.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t page = 4096;

/// Addresses that nobody has, in the upper half.
std::byte* at(std::size_t offset) {
  return reinterpret_cast<std::byte*>(std::uintptr_t{0xffff'8000'0000'0000} + offset);
}

const topology& four_nodes() {
  static const topology machine = plain_machine(4);
  return machine;
}

/// Known for its life.
class known {
 public:
  known(std::byte* begin, std::size_t bytes, const placement& where, const plan& p) : x_begin(begin) {
    planned_mapping what;
    what.begin = begin;
    what.bytes = p.bytes;
    what.asked = bytes;
    what.page_size = p.page_size;
    what.owner = this;
    what.where = where;
    what.note(p);
    planned_ranges::add(std::move(what));
  }
  known(std::byte* begin, std::size_t bytes, const placement& where)
      : known(begin, bytes, where, make_plan(where, bytes, four_nodes(), {.page_size = page})) {}
  ~known() { planned_ranges::remove(x_begin, this); }
  known(const known&) = delete;
  known& operator=(const known&) = delete;

 private:
  std::byte* x_begin;
};

/// The plan of a range that is part of a mapping which was planned as `where`; nothing if it is none.
std::optional<plan> planned_part(const std::byte* p, std::size_t bytes, const placement& where,
                                 const topology& machine) {
  const auto what = planned_ranges::around(p, bytes);
  if (!what || !what->is_planned_as(where)) return std::nullopt;
  return what->part(static_cast<std::size_t>(p - what->begin), bytes, machine);
}

const placement blocks = placement::blocked({{0, 3}, {1, 1}});

BOOST_AUTO_TEST_SUITE(planned_mappings)

BOOST_AUTO_TEST_CASE(are_known_by_all_their_parts_and_by_nothing_else) {
  const known first(at(0), 8 * page, blocks);
  const known second(at(8 * page), 8 * page, blocks);
  BOOST_TEST(planned_ranges::around(at(0), 8 * page) != nullptr);
  BOOST_TEST(planned_ranges::around(at(0), 1)->begin == at(0));
  BOOST_TEST(planned_ranges::around(at(8 * page - 1), 1)->begin == at(0));
  BOOST_TEST(planned_ranges::around(at(8 * page), 8 * page)->begin == at(8 * page));
  BOOST_TEST(planned_ranges::around(at(7 * page), 2 * page) == nullptr);
  BOOST_TEST(planned_ranges::around(at(0), 16 * page) == nullptr);
  BOOST_TEST(planned_ranges::around(at(16 * page), 1) == nullptr);
  BOOST_TEST(planned_ranges::around(at(0) - 1, 1) == nullptr);
  BOOST_TEST(planned_ranges::around(at(page), SIZE_MAX) == nullptr);
}

BOOST_AUTO_TEST_CASE(are_given_up_by_their_owner_alone) {
  const known one(at(0), 8 * page, blocks);
  BOOST_TEST(planned_ranges::remove(at(0), at(0)) == nullptr);
  BOOST_TEST(planned_ranges::remove(at(page), &one) == nullptr);
  BOOST_TEST(planned_ranges::around(at(0), page) != nullptr);
  BOOST_TEST(planned_ranges::remove(at(0), &one) != nullptr);
  BOOST_TEST(planned_ranges::remove(at(0), &one) == nullptr);
  BOOST_TEST(planned_ranges::around(at(0), page) == nullptr);
}

BOOST_AUTO_TEST_CASE(are_forgotten_where_others_are_mapped) {
  const std::size_t before = ranges_in_use();
  const known first(at(0), 8 * page, blocks);
  const known second(at(8 * page), 8 * page, blocks);
  const known third(at(16 * page), 8 * page, blocks);
  BOOST_TEST(ranges_in_use() == before + 6);
  const known over(at(7 * page), 10 * page, blocks);
  BOOST_TEST(planned_ranges::around(at(7 * page), 10 * page) != nullptr);
  BOOST_TEST(planned_ranges::around(at(0), page) == nullptr);
  BOOST_TEST(planned_ranges::around(at(23 * page), page) == nullptr);
  BOOST_TEST(ranges_in_use() == before + 2);
}

BOOST_AUTO_TEST_CASE(take_of_the_budget_as_long_as_they_are_known) {
  const std::size_t before = ranges_in_use();
  {
    const known one(at(0), 8 * page, blocks);
    BOOST_TEST(ranges_in_use() == before + 2);
  }
  BOOST_TEST(ranges_in_use() == before);
}

std::vector<placement> by_position() {
  const node_set all{0, 1, 2, 3};
  return {placement::weighted({{0, 3}, {2, 1}, {1, 2}}),
          placement::weighted({{0, 3}, {2, 1}}, 3 * page).hard(),
          placement::weighted({{2, 1}}),
          placement::interleave(all).hard(),
          placement::interleave(all, 2 * page),
          placement::blocked({{3, 5}, {1, 2}, {0, 4}}),
          placement::blocked(all).soft(),
          placement::most_free(all, 3 * page),
          placement::by_page([](std::size_t i, std::size_t) { return static_cast<node_id>(i * 7 / 3 % 4); },
                             all)};
}

BOOST_AUTO_TEST_CASE(tell_of_each_part_what_the_whole_plan_has_there) {
  std::mt19937 random(1);
  for (const placement& where : by_position()) {
    BOOST_TEST_CONTEXT(where) {
      const std::size_t pages = 300;
      const plan whole = make_plan(where, pages * page, four_nodes(), {.page_size = page});
      const known one(at(0), pages * page, where, whole);
      for (int i = 0; i != 200; ++i) {
        const std::size_t first = random() % pages;
        const std::size_t count = 1 + random() % (pages - first);
        const auto part = planned_part(at(first * page), count * page, where, four_nodes());
        BOOST_TEST_REQUIRE(part.has_value());
        BOOST_TEST(part->bytes == count * page);
        std::size_t end = 0;
        for (const plan_range& r : part->ranges) {
          BOOST_TEST(r.offset == end);
          end += r.length;
        }
        BOOST_TEST(end == part->bytes);
        for (std::size_t p = 0; p != count; ++p)
          BOOST_TEST_REQUIRE((part->at(p * page).policy == whole.at((first + p) * page).policy));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(answer_to_what_was_asked_and_to_what_became_of_it) {
  const placement automatic = placement::weighted({{0, 3}, {1, 1}});
  const known one(at(0), 1_MiB, automatic,
                  make_plan(automatic, 1_MiB, four_nodes(), {.page_size = page, .automatic_ranges = 16}));
  const auto is_known_as = [](const placement& where) {
    return planned_part(at(page), 2 * page, where, four_nodes()).has_value();
  };
  BOOST_TEST(is_known_as(automatic));
  BOOST_TEST(is_known_as(automatic.by(32_KiB)));
  BOOST_TEST(is_known_as(automatic.by(31_KiB)));  // the same in whole pages
  BOOST_TEST(!is_known_as(automatic.by(64_KiB)));
  BOOST_TEST(!is_known_as(automatic.by(chunk::page)));
  BOOST_TEST(!is_known_as(automatic.by(chunk::whole)));
  BOOST_TEST(!is_known_as(automatic.hard()));
  BOOST_TEST(!is_known_as(placement::weighted({{0, 1}, {1, 3}})));
  BOOST_TEST(!is_known_as(placement::bind({0, 1})));
  BOOST_TEST(planned_part(at(page), page, automatic, four_nodes())->chunk == 32_KiB);
}

BOOST_AUTO_TEST_CASE(keep_what_hung_on_the_moment) {
  node_id answer = 1;
  const placement where =
      placement::by_page([&answer](std::size_t, std::size_t) { return answer; }, node_set{0, 1, 2});
  const known one(at(0), 8 * page, where);
  answer = 2;
  const auto part = planned_part(at(page), page, where, four_nodes());
  BOOST_TEST_REQUIRE(part.has_value());
  BOOST_TEST((part->ranges.front().policy == policy{policy_mode::bind, {1}}));

  const placement freest = placement::most_free({0, 1}, page);
  const node_bytes free[] = {{0, 2 * page}, {1, 10 * page}};
  const known other(at(1_MiB), 4 * page, freest,
                    make_plan(freest, 4 * page, four_nodes(), {.page_size = page, .free = free}));
  BOOST_TEST((planned_part(at(1_MiB), page, freest, four_nodes())->ranges.front().policy ==
              policy{policy_mode::prefer, {1}}));
}

BOOST_AUTO_TEST_CASE(of_huge_pages_end_with_the_mapping) {
  const placement where = placement::interleave({0, 1}, 2_MiB).hard();
  const plan whole = part_of(make_plan(where, 5_MiB, four_nodes(), {.page_size = 2_MiB}), 0, 5_MiB);
  const known one(at(0), 5_MiB, where, whole);
  const auto part = planned_part(at(3_MiB), 2_MiB, where, four_nodes());
  BOOST_TEST_REQUIRE(part.has_value());
  BOOST_TEST((part->ranges == std::vector<plan_range>{{0, 1_MiB, {policy_mode::bind, {1}}},
                                                      {1_MiB, 1_MiB, {policy_mode::bind, {0}}}}));
}

BOOST_AUTO_TEST_CASE(whose_nodes_are_gone_are_an_error) {
  const known one(at(0), 8 * page, blocks);
  BOOST_CHECK_EXCEPTION((void)planned_part(at(0), page, blocks, plain_machine(1)), error,
                        with_code(errc::unknown_node));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
