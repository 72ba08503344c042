// runs: the ranges of a plan that the kernel cannot make out of one policy, a run of equal nodes each.
#pragma once

#include <acre/chunk.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace acre::inline v1::detail {

/// Appends ranges to a plan, merges equal neighbours and keeps the limit.
class run_list {
 public:
  /// `to` has its bytes, page size and chunk already.
  run_list(plan& to, const placement& where, const plan_options& options);

  std::size_t pages() const { return x_plan.bytes / x_plan.page_size; }
  /// How many pages a chunk has: at least one, at most pages().
  std::size_t chunk_pages() const;
  std::size_t limit() const { return x_limit; }

  /// To be called first where the count of ranges is known: refuses what is beyond the limit.
  /// \param instead what would do, for the message
  void expect(std::size_t ranges, const std::string& instead);
  /// The next `pages` pages. Refuses the first range beyond the limit.
  void add(node_id node, std::size_t pages);
  [[noreturn]] void refuse(const std::string& needed, const std::string& instead) const;

  /// "a chunk of 64KiB or more would do"
  std::string chunk_would_do(std::size_t chunk_pages) const;

 private:
  plan& x_plan;
  const placement& x_where;
  std::size_t x_limit;
  std::size_t x_end = 0;
  policy_mode x_mode;
};

/// The nodes of a round robin in order, and how many chunks each gets in a round.
std::vector<node_weight> parts_of(const placement& where);
/// How many ranges it takes to deal out `chunks` chunks in rounds.
std::size_t ranges_of_rounds(std::span<const node_weight> parts, std::size_t chunks);
/// The fewest pages in a chunk that keep the limit, which is not 0: larger chunks never need more ranges.
std::size_t smallest_chunk(std::span<const node_weight> parts, std::size_t pages, std::size_t limit);
/// The pages of the finest chunk, a power of two, that needs no more than `ranges` ranges; but no coarser than that
/// each node gets its share of `pages`.
std::size_t automatic_chunk(std::span<const node_weight> parts, std::size_t pages, std::size_t ranges);

/// Sets the chunk of a plan that has its bytes and page size.
/// \param wanted not chunk::automatic
void set_chunk(plan& p, const chunk& wanted);

}  // namespace acre::inline v1::detail
