#include "placement/strategies.hpp"

#include <array>
#include <utility>

#include "sys/pages.hpp"

namespace acre::inline v1::detail {
namespace {

using acre::strategy;
using acre::strictness;

constexpr layout by_one_policy(const placement&) { return layout::one_policy; }
constexpr layout by_position(const placement&) { return layout::position; }
constexpr layout by_toucher(const placement&) { return layout::toucher; }

constexpr bool always_in_rounds(const placement&, std::size_t) { return true; }
bool interleave_in_rounds(const placement& where, std::size_t page_size) {
  return where.nodes().size() > 1 && (where.is_hard() || !is_by_page(where.chunk(), page_size));
}
layout of_interleave(const placement& where) {
  return interleave_in_rounds(where, sys::page_size()) ? layout::position : layout::one_policy;
}

constexpr std::string_view no_hard_policy = "the kernel has no such policy; bind and weighted can";
constexpr std::string_view position_is_areas =
    "it depends on where an allocation begins and ends, which only an area knows";

// A switch, for then a strategy without a row is a warning of the compiler.
constexpr strategy_row make_row(strategy s) {
  switch (s) {
    case strategy::unbound:
      return {.name = "unbound",
              .takes = operand::none,
              .make = [](const operands&) { return placement::unbound(); },
              .never_hard = no_hard_policy,
              .soft_mode = policy_mode::unbound,
              .lies_by = by_one_policy,
              .add_ranges = plan_one_policy};
    case strategy::local:
      return {.name = "local",
              .takes = operand::none,
              .make = [](const operands&) { return placement::local(); },
              .never_hard = no_hard_policy,
              .soft_mode = policy_mode::local,
              .lies_by = by_toucher,
              .add_ranges = plan_one_policy};
    case strategy::bind:
      return {.name = "bind",
              .soft_name = "prefer",
              .make = [](const operands& o) { return placement::bind(o.nodes); },
              .strictness = strictness::hard,
              .lies_by = by_one_policy,
              .add_ranges = plan_one_policy};
    case strategy::interleave:
      return {.name = "interleave",
              .make = [](const operands& o) { return placement::interleave(o.nodes, o.chunk); },
              .not_for_threads = "the kernel interleaves what a thread touches by page, and softly",
              .has_chunk = true,
              .finest = chunk::page,
              .goes_in_rounds = interleave_in_rounds,
              .goes_round_as_kernel = true,
              .lies_by = of_interleave,
              .add_ranges = plan_interleave};
    case strategy::weighted:
      return {.name = "weighted",
              .takes = operand::weights,
              .make = [](const operands& o) { return placement::weighted(o.weights, o.chunk); },
              .not_for_threads =
                  "the kernel has one set of weights for the whole system; weighted_by_system uses those",
              .has_chunk = true,
              .finest = chunk::page,
              .goes_in_rounds = always_in_rounds,
              .lies_by = by_position,
              .add_ranges = plan_weighted};
    case strategy::weighted_by_system:
      return {.name = "weighted_by_system",
              .make = [](const operands& o) { return placement::weighted_by_system(o.nodes); },
              .never_hard = no_hard_policy,
              .soft_mode = policy_mode::weighted_interleave,
              .finest = chunk::page,
              .lies_by = by_one_policy,
              .add_ranges = plan_one_policy};
    case strategy::blocked:
      return {.name = "blocked",
              .takes = operand::nodes_or_weights,
              .make =
                  [](const operands& o) {
                    return o.weights.empty() ? placement::blocked(o.nodes) : placement::blocked(o.weights);
                  },
              .strictness = strictness::hard,
              .not_for_threads = position_is_areas,
              .lies_by = by_position,
              .add_ranges = plan_blocked};
    case strategy::most_free:
      return {
          .name = "most_free",
          .make = [](const operands& o) { return placement::most_free(o.nodes, o.chunk); },
          .not_for_threads = "free memory is compared when an area maps memory, a thread maps none by itself",
          .has_chunk = true,
          .lies_by = by_position,
          .depends_on = dependence::free_memory,
          .add_ranges = plan_most_free};
    case strategy::by_page:
      return {.name = "by_page",
              .strictness = strictness::hard,
              .not_for_threads = position_is_areas,
              .finest = chunk::page,
              .lies_by = by_position,
              .depends_on = dependence::function,
              .add_ranges = plan_by_page};
  }
  return {};
}

constexpr std::size_t row_count = [] {
  std::size_t n = 0;
  while (!make_row(static_cast<strategy>(n)).name.empty()) ++n;
  return n;
}();

constexpr auto all_rows = []<std::size_t... i>(std::index_sequence<i...>) {
  return std::array{make_row(static_cast<strategy>(i))...};
}
(std::make_index_sequence<row_count>{});

}  // namespace

std::span<const strategy_row> strategies() noexcept { return all_rows; }

std::vector<std::string_view> strategy_names() {
  std::vector<std::string_view> names;
  for (const strategy_row& row : all_rows) {
    if (row.make == nullptr) continue;
    names.push_back(row.name);
    if (!row.soft_name.empty()) names.push_back(row.soft_name);
  }
  return names;
}

const strategy_row& row_of(strategy s) noexcept { return all_rows[static_cast<std::size_t>(s)]; }

}  // namespace acre::inline v1::detail
