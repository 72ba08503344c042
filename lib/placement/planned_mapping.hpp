// planned_mapping: all that it takes to say, of any part of a mapping, where its pages were planned to lie.
#pragma once

#include <acre/chunk.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <limits>
#include <vector>

#include "placement/range_budget.hpp"

namespace acre::inline v1 {

/// Pages in a row on one node, up to byte `end` of a mapping.
struct planned_run {
  std::size_t end;
  node_id node;
};

/// How the pages of a mapping come to lie where they are to.
enum class placed_by {
  policies,  ///< each range has a policy of its own, whoever makes its pages
  making,    ///< whoever makes pages sees to it; all of them are under together()
};

struct planned_mapping {
  std::byte* begin = nullptr;
  std::size_t bytes = 0;  ///< mapped
  std::size_t asked =
      0;  ///< bytes that were planned; in large pages the plan may have reached beyond the mapping
  std::size_t page_size = 0;    ///< that it was planned in
  const void* owner = nullptr;  ///< who mapped it
  placement where;              ///< as asked
  acre::chunk chunk;            ///< that was really used; automatic: none
  acre::placed_by placed_by = acre::placed_by::policies;
  std::vector<planned_run> runs;  ///< only where the plan would be another one now: most_free, by_page
  range_share ranges;

  /// Takes over what a plan for the mapping says: each of its ranges is to have its policy.
  /// \throws error errc::too_many_ranges, where others have taken the ranges that it needs
  void note(const plan& p);
  /// Plans the mapping to be placed by making, which takes no ranges of the budget. bytes, asked, page_size and where
  /// are known. Automatic chunks are so fine that there is a range for each 256 KiB, and 64 of them at least.
  /// \throws error what make_plan() throws; errc::too_many_ranges for more than a million
  /// \returns how many ranges that are
  std::size_t plan_by_making(const topology& machine);

  std::size_t offset_of(const void* p) const noexcept {
    return static_cast<std::size_t>(static_cast<const std::byte*>(p) - begin);
  }
  /// Whether `other` is the placement that was asked for, or what became of it: with the chunk really used.
  bool is_planned_as(const placement& other) const;
  /// The plan of bytes [from, from + length), with offsets from `from` on. Of a round robin nothing is worked out but
  /// that.
  /// \throws error what topology::require_usable() throws
  /// \param most ranges of the plan: where there would be more, it ends before
  plan part(std::size_t from, std::size_t length, const topology& machine,
            std::size_t most = std::numeric_limits<std::size_t>::max()) const;

  /// Whether its ranges begin and end with huge pages of 2 MiB.
  bool goes_by_huge_pages() const noexcept;
  /// The policy that memory placed by making has: never on other nodes.
  policy together() const { return {policy_mode::bind, where.nodes()}; }
  /// A range for each node, as long as all that lies on it: what a mapping needs.
  plan sums(const topology& machine) const;

 private:
  void remember(const plan& p);
};

/// The most ranges of a mapping that is placed by making, each of which takes some microseconds; and the most where
/// they have to be remembered (most_free, by_page).
constexpr std::size_t most_made_ranges = std::size_t{1} << 20;
constexpr std::size_t most_kept_ranges = std::size_t{1} << 18;
/// Mappings that are larger and placed by making in automatic chunks are dealt out in transparent huge pages,
/// whatever their pages are: those do not hinder them then.
constexpr std::size_t most_in_base_pages = std::size_t{1} << 30;

/// The bytes [from, from + length) of a plan, with offsets from `from` on.
plan part_of(plan whole, std::size_t from, std::size_t length);

}  // namespace acre::inline v1
