// range_budget: how many kernel mappings the ranges of placements may take in this process.
#pragma once

#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <utility>

namespace acre::inline v1 {

/// Three quarters of vm.max_map_count as it is now; the rest is for all else in the process: libraries, stacks of
/// threads, what munmap(2) needs. Counted are mappings of more than one range; those of one policy mostly merge.
std::size_t range_budget();
/// What areas and pools have taken of it.
std::size_t ranges_in_use() noexcept;

/// make_plan() for memory of this process: the limit is what is left of the budget. A third of the budget is for fine
/// chunks, each mapping takes a 32nd of what is left of that; beyond it automatic chunks get so many ranges for their
/// size that 1 TiB fits. So a process with 64 GiB in many pools and areas is far from the end.
/// \throws error as make_plan(), and says what others have where that is the reason
plan plan_within_budget(const placement& where, std::size_t bytes, std::size_t page_size,
                        const topology& machine);

/// Ranges taken from the budget.
class range_share {
 public:
  range_share() noexcept = default;
  /// \param ranges 1 counts as none
  /// \throws error errc::too_many_ranges
  explicit range_share(std::size_t ranges);
  range_share(range_share&& o) noexcept : x_ranges(std::exchange(o.x_ranges, 0)) {}
  range_share& operator=(range_share&& o) noexcept {
    std::swap(x_ranges, o.x_ranges);
    return *this;
  }
  ~range_share();

  std::size_t ranges() const noexcept { return x_ranges; }

 private:
  std::size_t x_ranges = 0;
};

}  // namespace acre::inline v1
