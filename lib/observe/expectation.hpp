// expectation: what MPOL_INTERLEAVE does page by page, seen from outside.
#pragma once

#include <acre/node_set.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "observe/page_range.hpp"

namespace acre {

/// Follows the round of an interleaved range. The phase is the kernel's own (by address, by offset in a
/// shared object plus its inode number), so only the step from a page to the next one is judged: the next
/// node of the set, or the same within a huge page.
class round_robin {
 public:
  /// \param huge some pages of the range are huge
  round_robin(const page_range& range, bool huge);

  /// The nodes where the page at `at`, which lies on `actual`, may lie given the page before.
  node_set expect(std::uintptr_t at, node_id actual, const node_set& nodes);
  /// The page before is not there: the next one may lie anywhere in the set.
  void forget() noexcept { x_last.reset(); }

 private:
  bool starts_mapping(std::uintptr_t at);

  bool x_huge;
  std::optional<node_id> x_last;
  std::vector<std::uintptr_t> x_starts;  ///< of mappings: the phase may jump there
  std::size_t x_next_start = 0;
};

/// The node after `node` in the round over `nodes`.
node_id next_in_round(node_id node, const node_set& nodes) noexcept;

}  // namespace acre
