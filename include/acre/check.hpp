// check: does a range lie as a placement says, as policy and page by page?
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

namespace acre {

/// The first page that lies elsewhere.
struct misplaced_page {
  std::size_t offset;  ///< bytes from the start of the range
  node_id actual;
  node_set expected;
  friend bool operator==(const misplaced_page&, const misplaced_page&) = default;
};

/// The first place where the kernel has another policy.
struct differing_policy {
  std::size_t offset;
  policy actual;
  policy expected;
};

struct check_result {
  std::optional<differing_policy> policy;  ///< nothing: the policy is installed everywhere
  std::optional<misplaced_page> page;      ///< nothing: every resident page lies right
  std::size_t misplaced = 0;               ///< pages that lie elsewhere
  residency where;                         ///< all pages as they lie

  /// Policy installed and no page elsewhere. Pages not yet touched are no fault.
  bool ok() const noexcept { return !policy && !page; }
  explicit operator bool() const noexcept { return ok(); }
  /// One sentence: "as placed: ..." or the first difference.
  ACRE_API std::string to_string() const;
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const check_result& r);
};

struct check_options {
  /// The page size the range was planned with (an area of huge pages plans in huge pages).
  std::size_t page_size = 0;  ///< 0: the base page size
};

/// Asks the kernel, never acre's memory of what it did. For interleave by page every page must lie on the
/// node that follows the node of the page before it (of a huge page: of the huge page before it; at the start
/// of a mapping the round may begin anew); unbound and local accept any node; most_free wants each chunk on one node of the set; a soft placement
/// that spilled is a difference, which is what one asks check() for.
/// \param p as given to apply(): the start of the placed range
/// \throws error what locate() and make_plan() throw
ACRE_API check_result check(const placement& where, const void* p, std::size_t bytes,
                            const check_options& options = {}, const topology& machine = topology::system());

}  // namespace acre
