// strategies: all that a strategy is. To add one: its name and factory in acre/placement.hpp and placement.cpp, a row
// in strategies.cpp, its planner below, which is written in runs.cpp or in a file of its own, and tests. The compiler
// names what is missing.
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

/// What a plan is worked out from beside the placement, the size and the nodes: planned again, it may be another.
enum class dependence { none, free_memory, function };

struct strategy_row {
  std::string_view name = {};
  std::string_view soft_name = {};  ///< empty: that of the hard form
  operand takes = operand::nodes;
  placement (*make)(const operands& o) = nullptr;  ///< from what stands in a text; null: no text can hold it

  acre::strictness strictness = acre::strictness::soft;  ///< where neither hard() nor soft() was called
  std::string_view never_hard = {};                      ///< why it cannot be hard; empty: it can
  std::string_view not_for_threads = {};  ///< why it may not be the policy of a thread; empty: it always may
  policy_mode soft_mode = policy_mode::prefer;  ///< the kernel's policy for its ranges; hard ones are bound

  bool has_chunk = false;
  /// The least that lies together on one node where no chunk is named. Pools have base pages where that is less than a
  /// huge page.
  acre::chunk finest = acre::chunk::whole;
  /// Whether its plans deal out chunks in rounds over its nodes; null: never.
  bool (*goes_in_rounds)(const placement& where, std::size_t page_size) = nullptr;
  bool goes_round_as_kernel = false;  ///< by page, its rounds are those of MPOL_INTERLEAVE

  /// Pools use pages again for any block where one policy decides, for those of the same size where the position does,
  /// and for none where it is the toucher.
  detail::layout (*lies_by)(const placement& where) = nullptr;
  dependence depends_on = dependence::none;
  void (*add_ranges)(plan& p, const placement& where, const topology& machine,
                     const plan_options& options) = nullptr;
};

/// All, in the order of their values.
std::span<const strategy_row> strategies() noexcept;
const strategy_row& row_of(strategy s) noexcept;
/// What a text can begin with.
std::vector<std::string_view> strategy_names();

/// Whether a round robin with such chunks goes page by page.
inline bool is_by_page(const chunk& c, std::size_t page_size) noexcept {
  return c == chunk::automatic || c == chunk::page || (c.bytes() != 0 && c.bytes() <= page_size);
}
inline layout layout_of(const placement& where) { return row_of(where.strategy()).lies_by(where); }
/// False: memory is left as the kernel maps it.
inline bool binds(const placement& where) {
  return row_of(where.strategy()).soft_mode != policy_mode::unbound;
}
/// Whether the plans of a placement are chunks dealt out in rounds, each on one node.
inline bool goes_in_rounds(const placement& where, std::size_t page_size) {
  const auto goes = row_of(where.strategy()).goes_in_rounds;
  return goes != nullptr && goes(where, page_size);
}
/// Whether its chunks are as fine as the budget of ranges allows when memory is mapped.
inline bool has_automatic_chunks(const placement& where) {
  return where.chunk() == chunk::automatic && row_of(where.strategy()).has_chunk &&
         layout_of(where) == layout::position;
}

// The planners, which have the plan's bytes and page size already.

void plan_one_policy(plan& p, const placement& where, const topology& machine, const plan_options& options);
void plan_interleave(plan& p, const placement& where, const topology& machine, const plan_options& options);
void plan_weighted(plan& p, const placement& where, const topology& machine, const plan_options& options);
void plan_blocked(plan& p, const placement& where, const topology& machine, const plan_options& options);
void plan_most_free(plan& p, const placement& where, const topology& machine, const plan_options& options);
void plan_by_page(plan& p, const placement& where, const topology& machine, const plan_options& options);

}  // namespace acre::inline v1::detail
