#include "placement/strategies.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "sys/pages.hpp"

namespace acre::inline v1::detail {
namespace {

using acre::strategy;
using acre::strictness;

constexpr layout by_one_policy(const placement&) { return layout::one_policy; }
constexpr layout by_position(const placement&) { return layout::position; }
constexpr layout by_toucher(const placement&) { return layout::toucher; }
layout of_interleave(const placement& where) {
  const bool one =
      where.nodes().size() == 1 || (!where.is_hard() && is_by_page(where.chunk(), sys::page_size()));
  return one ? layout::one_policy : layout::position;
}

constexpr std::string_view no_hard_policy = "the kernel has no such policy; bind and weighted can";
constexpr std::string_view position_is_areas =
    "it depends on where an allocation begins and ends, which only an area knows";

constexpr std::array rows = {
    strategy_row{.strategy = strategy::unbound,
                 .name = "unbound",
                 .takes = operand::none,
                 .never_hard = no_hard_policy,
                 .make = [](const operands&) { return placement::unbound(); },
                 .soft_mode = policy_mode::unbound,
                 .lies_by = by_one_policy,
                 .add_ranges = plan_one_policy},
    strategy_row{.strategy = strategy::local,
                 .name = "local",
                 .takes = operand::none,
                 .never_hard = no_hard_policy,
                 .make = [](const operands&) { return placement::local(); },
                 .soft_mode = policy_mode::local,
                 .lies_by = by_toucher,
                 .add_ranges = plan_one_policy},
    strategy_row{.strategy = strategy::bind,
                 .name = "bind",
                 .soft_name = "prefer",
                 .strictness = strictness::hard,
                 .make = [](const operands& o) { return placement::bind(o.nodes); },
                 .lies_by = by_one_policy,
                 .add_ranges = plan_one_policy},
    strategy_row{.strategy = strategy::interleave,
                 .name = "interleave",
                 .has_chunk = true,
                 .not_for_threads = "the kernel interleaves what a thread touches by page, and softly",
                 .make = [](const operands& o) { return placement::interleave(o.nodes, o.chunk); },
                 .lies_by = of_interleave,
                 .add_ranges = plan_interleave},
    strategy_row{.strategy = strategy::weighted,
                 .name = "weighted",
                 .takes = operand::weights,
                 .has_chunk = true,
                 .not_for_threads =
                     "the kernel has one set of weights for the whole system; weighted_by_system uses those",
                 .make = [](const operands& o) { return placement::weighted(o.weights, o.chunk); },
                 .lies_by = by_position,
                 .add_ranges = plan_weighted},
    strategy_row{.strategy = strategy::weighted_by_system,
                 .name = "weighted_by_system",
                 .never_hard = no_hard_policy,
                 .make = [](const operands& o) { return placement::weighted_by_system(o.nodes); },
                 .soft_mode = policy_mode::weighted_interleave,
                 .lies_by = by_one_policy,
                 .add_ranges = plan_one_policy},
    strategy_row{.strategy = strategy::blocked,
                 .name = "blocked",
                 .takes = operand::nodes_or_weights,
                 .strictness = strictness::hard,
                 .not_for_threads = position_is_areas,
                 .make =
                     [](const operands& o) {
                       return o.weights.empty() ? placement::blocked(o.nodes) : placement::blocked(o.weights);
                     },
                 .lies_by = by_position,
                 .add_ranges = plan_blocked},
    strategy_row{
        .strategy = strategy::most_free,
        .name = "most_free",
        .soft_name = {},
        .takes = operand::nodes,
        .has_chunk = true,
        .of_the_moment = true,
        .strictness = strictness::soft,
        .never_hard = {},
        .not_for_threads = "free memory is compared when an area maps memory, a thread maps none by itself",
        .make = [](const operands& o) { return placement::most_free(o.nodes, o.chunk); },
        .soft_mode = policy_mode::prefer,
        .lies_by = by_position,
        .add_ranges = plan_most_free},
    strategy_row{.strategy = strategy::by_page,
                 .name = "by_page",
                 .of_the_moment = true,
                 .strictness = strictness::hard,
                 .not_for_threads = position_is_areas,
                 .make = nullptr,
                 .lies_by = by_position,
                 .add_ranges = plan_by_page},
};

constexpr bool are_in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<std::size_t>(rows[i].strategy) != i) return false;
  }
  return true;
}
static_assert(are_in_order(), "row_of() looks rows up by the strategy's value");

}  // namespace

std::span<const strategy_row> strategies() noexcept { return rows; }

const strategy_row& row_of(strategy s) noexcept { return rows[static_cast<std::size_t>(s)]; }

}  // namespace acre::inline v1::detail
