/// \file
/// Moves the pages of a range to where a placement wants them.
#pragma once

#include <acre/apply.hpp>
#include <acre/export.hpp>
#include <acre/placement.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace acre::inline v1 {

/// What became of the pages of a range, by a look at each when all was done. Pages are base pages, and each is counted
/// once.
struct migration {
  std::size_t moved = 0;      ///< lie right now and did not before, or nobody could tell
  std::size_t in_place = 0;   ///< lie right now as before
  std::size_t untouched = 0;  ///< will be placed at first touch
  std::size_t shared = 0;     ///< not moved: other processes map them too (EACCES)
  std::size_t busy = 0;       ///< not moved: pinned, locked for I/O, under writeback (EBUSY and others)
  std::size_t no_room = 0;    ///< not moved: the node has no room (ENOMEM)
  std::size_t undivided =
      0;  ///< elsewhere: part of a huge page that the kernel does not divide (locked in memory, shared)
  std::size_t unknown = 0;  ///< may be there; the kernel does not tell where (residency::unknown)
  std::optional<std::size_t>
      first_failed;  ///< offset in bytes of the first page that did not move, from the first page
  std::vector<downgrade> downgrades;  ///< of the policy, as apply() tells them
  /// Bytes at the ends of the range, for which nothing was done: their pages hold other data as well.
  std::size_t left_out = 0;

  /// Pages that are not, or may not be, where they should: shared, busy, no_room, undivided and unknown ones.
  [[nodiscard]] std::size_t failed() const noexcept { return shared + busy + no_room + undivided + unknown; }
  /// "512 pages moved, 3 in place, 1 not moved: busy": the first two always, of the others those that are not 0.
  [[nodiscard]] ACRE_API std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const migration& m);
};

/// Installs `where` on the range, for pages to come, and moves the pages that are there and lie elsewhere,
/// each to the node the plan says. Unlike mbind(MPOL_MF_MOVE) it re-interleaves pages that already lie on a
/// node of the set, and tells about every page that could not move. Costs about 10 us a 4 KiB page.
///
/// Transparent huge pages move as a whole where all their pages go to one node. Those that the placement cuts, or the
/// range ends in, are divided into base pages before. Interleaving by page goes by base pages, and refuses huge ones
/// from then on (MADV_NOHUGEPAGE), as an area of base pages does; in memory that was told to have huge pages
/// (MADV_HUGEPAGE), and in hugetlb memory, by whole huge pages. Pages that take turns already stay, at whichever node
/// the round begins.
///
/// Pages of shared memory move whichever process touched them, unless another process maps them at the time.
/// Where a container refuses move_pages(2), mbind(2) moves the pages.
///
/// A block of a pool stays where it was moved to until it is freed; then that memory is the pool's again, and whoever
/// has it next has it with the pool's placement. Small blocks (pool_options::largest_small) share pages with others,
/// and are handed out again without a look at where they lie: they are refused, unless `where` is what they have
/// already (pages that spilled move home).
/// \param p any address. If it is the start of a page, `bytes` is rounded up to whole pages, as by apply(). Else the
///   whole pages inside the range move, and `left_out` tells what is left at its ends: this is for blocks of
///   containers, whose neighbours shall stay
/// \param bytes > 0
/// \param where how the pages of the range shall lie
/// \param machine this one
/// \throws error what apply() throws; errc::invalid_size if no whole page lies inside; errc::not_mapped;
///   errc::invalid_argument for small blocks of a pool; errc::binding_unsupported for blocks of pools whose placement
///   is several policies where nothing tells which a block has (nothing was done then); errc::binding_denied if the
///   kernel refuses to move; pages already moved stay moved
/// \safety any thread; the range must stay mapped; contents are kept, other threads may use the range. What others do
///   to its pages meanwhile (touch, unmap, move) may not be in the report. Of two ranges that share a huge page,
///   moved at the same time by two threads, pages of zeros may follow the other's placement (Linux 6.12 gives those
///   back when it divides one)
ACRE_API migration migrate(void* p, std::size_t bytes, const placement& where,
                           const topology& machine = topology::system());
/// The same, with the error in `ec`: a result that counts nothing then.
ACRE_API migration migrate(void* p, std::size_t bytes, const placement& where, std::error_code& ec) noexcept;
/// The same, with the error in `ec`: a result that counts nothing then.
ACRE_API migration migrate(void* p, std::size_t bytes, const placement& where, const topology& machine,
                           std::error_code& ec) noexcept;

}  // namespace acre::inline v1
