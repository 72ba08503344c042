// page_mover: moves the pages of a range to where a plan wants them, and tells what became of each.
#pragma once

#include <acre/migrate.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "observe/page_range.hpp"
#include "observe/pending_moves.hpp"
#include "sys/mappings.hpp"

namespace acre::inline v1 {

class page_mover {
 public:
  /// \param wanted installed on the range already
  page_mover(const page_range& range, const plan& wanted, const topology& machine);

  /// \throws error what migrate() throws but for what apply() does
  migration run();

 private:
  std::uintptr_t address(std::size_t page) const { return x_range.begin + page * x_range.page_size; }
  std::size_t index(std::uintptr_t at) const { return (at - x_range.begin) / x_range.page_size; }
  const policy& policy_of(std::size_t page) const;
  node_id wanted_node(std::size_t page) const;
  bool is_wrong(std::size_t page) const {
    return x_now[page] >= 0 && wanted_node(page) != static_cast<node_id>(x_now[page]);
  }

  std::vector<int> look() const;
  void take_turns();
  void take_turns(const sys::map_line& m, std::size_t begin, std::size_t end, const policy& p);
  std::size_t turning_unit(const sys::map_line& m);
  bool lie_together(std::size_t begin, std::size_t end) const;
  std::size_t block_end(std::size_t page) const;
  bool is_cut(std::size_t begin, std::size_t end) const;
  bool is_divided(std::size_t begin, std::size_t end) const;
  void divide(bool each_page);
  void map_wrong_pages();
  bool move_untold_pages();
  void move_wrong_pages();
  void move_by_policy(const pending_moves& moves);
  migration report() const;

  const page_range x_range;
  const plan& x_wanted;
  const topology& x_machine;
  std::vector<policy> x_policies;       ///< of the plan's ranges, with the nodes that are allowed now
  std::vector<std::size_t> x_range_of;  ///< by page: which range of the plan; empty where there is but one
  std::vector<sys::map_line> x_mappings;
  std::optional<std::vector<sys::smaps_entry>> x_entries;
  std::vector<int> x_now;
  std::vector<bool> x_was_wrong;  ///< before the first attempt
  std::vector<int> x_turn;        ///< by page: the node whose turn it is; -1 for other policies
  std::vector<int> x_status;      ///< by page: of the last attempt
};

/// The second half of migrate(): moves those of a plan's pages that exist, each to the node the plan says. Installs no
/// policies.
/// \param p the start of a page, for the plan's bytes
/// \throws error what migrate() throws but for what apply() does
migration move_to_plan(void* p, const plan& wanted, const topology& machine);

}  // namespace acre::inline v1
