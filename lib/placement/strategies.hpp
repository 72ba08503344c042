// strategies: all that a strategy is. To add one: a row in strategies.cpp, its planner in plan.cpp or runs.cpp, its test.
#pragma once

#include <acre/chunk.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace acre::inline v1::detail {

/// What stands behind the name in a text.
enum class operand { none, nodes, weights, nodes_or_weights };

struct operands {
  node_set nodes;
  std::vector<node_weight> weights;
  acre::chunk chunk;
};

/// What decides on which node a page lies.
enum class layout {
  one_policy,  ///< one policy of the kernel's, the same wherever an allocation begins
  position,    ///< how far it is from the beginning of its allocation
  toucher,     ///< who touches it first
};

struct strategy_row {
  acre::strategy strategy;
  std::string_view name;
  std::string_view soft_name = {};  ///< empty: the same
  operand takes = operand::nodes;
  bool has_chunk = false;
  bool of_the_moment = false;  ///< planned again it may be another plan: by free memory, by a function
  acre::strictness strictness = acre::strictness::soft;  ///< its own
  std::string_view never_hard = {};                      ///< why it cannot be hard; empty: it can
  std::string_view not_for_threads = {};  ///< why it may not be the policy of a thread; empty: it always may
  placement (*make)(const operands& o);   ///< null: no text can hold it
  policy_mode soft_mode = policy_mode::prefer;  ///< of its ranges; hard ones are bound
  detail::layout (*lies_by)(const placement& where);
  void (*add_ranges)(plan& p, const placement& where, const topology& machine, const plan_options& options);
};

std::span<const strategy_row> strategies() noexcept;
const strategy_row& row_of(strategy s) noexcept;
/// Whether a round robin with such chunks goes page by page.
inline bool is_by_page(const chunk& c, std::size_t page_size) noexcept {
  return c == chunk::automatic || c == chunk::page || (c.bytes() != 0 && c.bytes() <= page_size);
}
inline layout layout_of(const placement& where) { return row_of(where.strategy()).lies_by(where); }

// The planners, which have the plan's bytes and page size already.

void plan_one_policy(plan& p, const placement& where, const topology& machine, const plan_options& options);
void plan_interleave(plan& p, const placement& where, const topology& machine, const plan_options& options);
void plan_weighted(plan& p, const placement& where, const topology& machine, const plan_options& options);
void plan_blocked(plan& p, const placement& where, const topology& machine, const plan_options& options);
void plan_most_free(plan& p, const placement& where, const topology& machine, const plan_options& options);
void plan_by_page(plan& p, const placement& where, const topology& machine, const plan_options& options);

}  // namespace acre::inline v1::detail
