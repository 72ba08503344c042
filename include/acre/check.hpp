/// \file
/// Does a range lie as a placement says, as policy and page by page?
#pragma once

#include <acre/export.hpp>
#include <acre/locate.hpp>
#include <acre/node_set.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <system_error>

namespace acre::inline v1 {

/// The first page that lies elsewhere.
struct misplaced_page {
  std::size_t offset;  ///< bytes from check_result::begin
  node_id actual;      ///< where it lies
  node_set expected;   ///< where it may lie
  /// Compares member by member.
  friend bool operator==(const misplaced_page&, const misplaced_page&) = default;
};

/// The first place where the kernel has another policy.
struct differing_policy {
  std::size_t offset;  ///< bytes from check_result::begin
  policy actual;       ///< as the kernel reports it
  policy expected;     ///< as the placement wants it
};

/// What check() found, in base pages.
struct [[nodiscard]] check_result {
  std::optional<differing_policy> policy;  ///< nothing: the policy is installed everywhere
  std::optional<misplaced_page> page;      ///< nothing: every resident page lies right
  std::size_t misplaced = 0;               ///< pages that lie elsewhere
  residency where;                         ///< all pages as they lie
  const void* begin = nullptr;             ///< where the range begins: the start of its first page

  /// Policy installed and no page elsewhere. Pages not yet touched are no fault, nor are those of which the kernel does
  /// not tell (where.unknown). False where nothing was looked at: a default-constructed one, or one of a check that
  /// failed.
  [[nodiscard]] bool ok() const noexcept { return where.pages != 0 && !policy && !page; }
  /// ok().
  explicit operator bool() const noexcept { return ok(); }
  /// One sentence: "as placed: ..." or the first difference, with the number and the address of its page; "not
  /// checked".
  [[nodiscard]] ACRE_API std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const check_result& r);
};

/// What check() may be told.
struct check_options {
  /// Bytes of the pages that the range was planned in (an area of huge pages plans in huge pages).
  /// 0: found out. Hugetlb memory has one size. Where transparent huge pages are, base pages are tried, then huge ones.
  std::size_t page_size = 0;
};

/// Asks the kernel where pages lie and which policies it has, never acre's memory of what it did. What the placement
/// wants is worked out for the range as if it had been placed from its beginning on; but a range within one mapping
/// that an area or a pool made by this placement is compared with that part of the mapping's plan, and page_size is
/// not needed. So a block of a pool, and a part of one, can be checked by the placement that the pool was made with,
/// as it was given (automatic chunks as automatic) or with the chunk that was really used.
///
/// Hard memory of areas and pools that was placed by making its pages may have one policy, bind to all the nodes,
/// instead of one for each range; where its pages lie is judged by the ranges.
///
/// For interleave by page, and weighted_by_system, pages must take
/// turns as the policy says, by the system's weights of now; at which node the round begins is not judged, and of each
/// mapping it may be another. The round in which most pages lie right counts, so that a page that was moved is named
/// itself. Huge pages take turns among themselves, and may begin anew where a whole round follows. Where the weights
/// cannot be read, weighted_by_system accepts any node of the set.
/// Unbound and local accept any node. In memory that no area or pool made by this very placement, most_free, and
/// weighted and hard interleave by automatic chunks, want pages on the one node of the set that the policy there
/// names. A soft placement that spilled is a difference, which is what one asks check() for. Where a container
/// refuses get_mempolicy(2), policies are those that /proc/self/numa_maps tells of mappings.
/// \param p as given to apply(): the start of the placed range; or anywhere in a block of an area or a pool
/// \param bytes > 0; the range is rounded outward to whole pages
/// \param where what the range is compared with
/// \param options see check_options
/// \param machine this one
/// \throws error what locate() and make_plan() throw
/// \safety any thread; a moment's truth: pages may move or be touched meanwhile
ACRE_API check_result check(const void* p, std::size_t bytes, const placement& where,
                            const check_options& options = {}, const topology& machine = topology::system());
/// The same, with the error in `ec`: a result that is not ok() then.
ACRE_API check_result check(const void* p, std::size_t bytes, const placement& where,
                            std::error_code& ec) noexcept;
/// The same, with the error in `ec`: a result that is not ok() then.
ACRE_API check_result check(const void* p, std::size_t bytes, const placement& where,
                            const check_options& options, std::error_code& ec) noexcept;
/// The same, with the error in `ec`: a result that is not ok() then.
ACRE_API check_result check(const void* p, std::size_t bytes, const placement& where,
                            const check_options& options, const topology& machine,
                            std::error_code& ec) noexcept;

}  // namespace acre::inline v1
