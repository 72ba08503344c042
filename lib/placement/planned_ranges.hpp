// planned_ranges: what mappings of this process were planned as, by address, for whoever asks about a part of one.
#pragma once

#include <acre/chunk.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "placement/range_budget.hpp"

namespace acre::inline v1 {

/// Pages in a row on one node, up to byte `end` of a mapping.
struct planned_run {
  std::size_t end;
  node_id node;
};

/// All that it takes to have the plan of a mapping again.
struct planned_mapping {
  std::byte* begin = nullptr;
  std::size_t bytes = 0;  ///< mapped
  std::size_t asked =
      0;  ///< bytes that were planned; in large pages the plan may have reached beyond the mapping
  std::size_t page_size = 0;      ///< that it was planned in
  const void* owner = nullptr;    ///< who mapped it
  placement where;                ///< as asked
  acre::chunk chunk;              ///< that was really used; automatic: none
  std::vector<planned_run> runs;  ///< only where the plan would be another one now: most_free, by_page
  range_share ranges;

  /// Takes over what a plan for the mapping says.
  /// \throws error errc::too_many_ranges, where others have taken the ranges that it needs
  void note(const plan& p);
  /// Whether `other` is the placement that was asked for, or what became of it: with the chunk really used.
  bool is_planned_as(const placement& other) const;
  /// The plan of bytes [from, from + length), with offsets from `from` on.
  /// \throws error what topology::require_usable() throws
  plan part(std::size_t from, std::size_t length, const topology& machine) const;
};

/// The bytes [from, from + length) of a plan, with offsets from `from` on.
plan part_of(plan whole, std::size_t from, std::size_t length);

/// Of areas, of which a block's address and size do not tell everything: where it begins decides where its pages lie
/// (layout::position), or it may have smaller pages than others. All else is not in here, and costs nothing.
/// \safety all functions from any thread; a forked child has those of its parent
namespace planned_ranges {

/// Notes what a new mapping was planned as. What was known of other mappings there is forgotten: they are gone.
/// \throws std::bad_alloc
void add(planned_mapping what);
/// What the mapping was planned as in which the whole range lies; null if nobody knows.
std::shared_ptr<const planned_mapping> around(const void* p, std::size_t bytes) noexcept;
/// Forgets a mapping, to be called before it is unmapped. \returns null if `owner` has none that begins there
std::shared_ptr<const planned_mapping> remove(const void* p, const void* owner) noexcept;

}  // namespace planned_ranges

/// The plan of a range that is part of a mapping which was planned as `where`; nothing if it is none.
/// \param p, bytes whole pages
/// \throws what planned_mapping::part() throws
std::optional<plan> planned_part(const void* p, std::size_t bytes, const placement& where,
                                 const topology& machine);

}  // namespace acre::inline v1
