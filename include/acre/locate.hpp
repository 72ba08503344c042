/// \file
/// On which nodes the pages of a range lie now.
#pragma once

#include <acre/export.hpp>
#include <acre/node_set.hpp>

#include <cstddef>
#include <iosfwd>
#include <string>
#include <system_error>
#include <vector>

namespace acre::inline v1 {

/// How many pages lie on a node.
struct node_pages {
  node_id node;       ///< its number
  std::size_t pages;  ///< base pages
  /// Compares member by member.
  friend bool operator==(const node_pages&, const node_pages&) = default;
};

/// Where the pages of a range lie. Pages are base pages of page_size bytes; a huge page counts as all the
/// base pages it covers within the range.
struct [[nodiscard]] residency {
  std::size_t page_size = 0;  ///< bytes of a base page
  std::size_t pages = 0;      ///< all pages of the range, first and last counted whole
  std::size_t untouched = 0;  ///< pages that no memory lies behind: never written, zero page, swapped out
  /// Pages that are there, or may be, and of which the kernel does not tell where: of a shared object that this process
  /// may not look into (mincore(2)), of shared hugetlb memory that only others have touched, or still on their way to
  /// another node after a quarter of a second; where per_mapping is set, of mappings that have pages on several nodes.
  std::size_t unknown = 0;
  std::vector<node_pages> per_node;  ///< nodes with at least one page, in order
  /// Of the resident pages, those mapped as transparent huge pages. Exact on Linux >= 6.7 (PAGEMAP_SCAN); before, from
  /// /proc/self/smaps, where a mapping that reaches beyond the range makes this an upper bound.
  std::size_t transparent_huge = 0;
  /// Of the resident pages, those of hugetlb mappings. Before Linux 6.7 an upper bound where some are not resident.
  std::size_t hugetlb = 0;
  /// False where one of the two above may be an upper bound.
  bool huge_exact = true;
  /// The kernel refuses move_pages(2) and get_mempolicy(2), as containers do, and some of the answer is that of
  /// /proc/self/numa_maps, which tells of whole mappings.
  bool per_mapping = false;

  /// Adds the pages of another range; its page size must be the same. A default-constructed one takes it over.
  ACRE_API residency& operator+=(const residency& other);
  /// Pages on `node`; 0 for any other number.
  [[nodiscard]] ACRE_API std::size_t on(node_id node) const noexcept;
  /// Pages of which it is known on which node they lie: all but the untouched and the unknown.
  [[nodiscard]] ACRE_API std::size_t resident() const noexcept;
  /// The nodes with at least one page.
  [[nodiscard]] ACRE_API node_set nodes() const;
  /// "node 0: 512 pages, node 2: 512 pages, 3 untouched"; says so where pages are unknown or the answer is per mapping.
  [[nodiscard]] ACRE_API std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const residency& r);
  /// Compares member by member.
  friend bool operator==(const residency&, const residency&) = default;
};

/// Looks, through move_pages(2) without target nodes, in batches; never faults a page in. Costs about 0.2
/// us a base page, 1 GiB some 50 ms (huge pages on Linux >= 6.7: one look a huge page, well under 1 ms).
/// Pages of shared memory count wherever they lie, whichever process touched them; those that this one has not mapped
/// are read in a second mapping for the time of the call, and none comes into being by that.
/// A page that the kernel is moving, as compaction does at any time, seems absent for that moment: such pages are
/// looked for again, for about a quarter of a second in all.
/// Where move_pages(2) is refused, as in most containers, looks by get_mempolicy(2), at some 0.6 us a page; where
/// that is refused, too, by /proc/self/numa_maps.
/// \param p any address
/// \param bytes > 0; the range is rounded outward to whole pages
/// \throws error errc::invalid_size for 0 bytes or a range that wraps, errc::not_mapped if part of it is
///   unmapped, naming the first address that is; the errno of move_pages(2) if nothing tells where pages lie
/// \safety any thread; a moment's truth: pages may move or be touched meanwhile
ACRE_API residency locate(const void* p, std::size_t bytes);
/// The same, with the error in `ec`: a result without pages then.
ACRE_API residency locate(const void* p, std::size_t bytes, std::error_code& ec) noexcept;

/// The node of every base page of the range, in order; -1 for pages that are not there, or unknown. Looks at each base
/// page, also of huge pages: about 0.2 us each.
/// \param p any address
/// \param bytes > 0; the range is rounded outward to whole pages
/// \throws error what locate() throws
/// \safety any thread; a moment's truth
[[nodiscard]] ACRE_API std::vector<int> locate_pages(const void* p, std::size_t bytes);
/// The same, with the error in `ec`: no nodes then.
[[nodiscard]] ACRE_API std::vector<int> locate_pages(const void* p, std::size_t bytes,
                                                     std::error_code& ec) noexcept;

}  // namespace acre::inline v1
