// migrate: moves the pages of a range to where a placement wants them.
#pragma once

#include <acre/apply.hpp>
#include <acre/export.hpp>
#include <acre/placement.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace acre {

/// Pages are base pages.
struct migration {
  std::size_t moved = 0;      ///< lie right now and did not before
  std::size_t in_place = 0;   ///< lay right already
  std::size_t untouched = 0;  ///< will be placed at first touch
  std::size_t shared = 0;     ///< not moved: other processes map them too (EACCES)
  std::size_t busy = 0;       ///< not moved: pinned, locked for I/O, under writeback (EBUSY and others)
  std::size_t no_room = 0;    ///< not moved: the node has no room (ENOMEM)
  std::optional<std::size_t> first_failed;  ///< offset in bytes of the first page that did not move
  std::vector<downgrade> downgrades;        ///< of apply()

  std::size_t failed() const noexcept { return shared + busy + no_room; }
  ACRE_API std::string to_string() const;
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const migration& m);
};

/// Installs `where` on the range, for pages to come, and moves the pages that are there and lie elsewhere,
/// each to the node the plan says. Unlike mbind(MPOL_MF_MOVE) it re-interleaves pages that already lie on a
/// node of the set, and tells about every page that could not move. Costs about 10 us a 4 KiB page.
/// \param p the start of a page
/// \throws error what apply() throws; pages already moved stay moved
/// \safety any thread; the range must stay mapped; contents are kept, other threads may use the range
ACRE_API migration migrate(void* p, std::size_t bytes, const placement& where,
                           const topology& machine = topology::system());

}  // namespace acre
