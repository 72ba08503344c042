/// \file
/// A placement worked out for so many bytes on a machine, as ranges for the kernel. Pure.
#pragma once

#include <acre/export.hpp>
#include <acre/node_set.hpp>
#include <acre/placement.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace acre::inline v1 {

/// What the kernel is told about a range: its memory policy.
enum class policy_mode {
  unbound,              ///< MPOL_DEFAULT
  local,                ///< MPOL_LOCAL
  prefer,               ///< MPOL_PREFERRED_MANY, for a single node with that node as its home node
  bind,                 ///< MPOL_BIND
  interleave,           ///< MPOL_INTERLEAVE
  weighted_interleave,  ///< MPOL_WEIGHTED_INTERLEAVE
};
/// The name of the enumerator: "weighted_interleave".
[[nodiscard]] ACRE_API std::string_view to_string(policy_mode mode) noexcept;

/// A mode and its nodes (empty for unbound and local): "bind 0-1".
struct [[nodiscard]] policy {
  policy_mode mode = policy_mode::unbound;  ///< what the kernel does with the nodes
  node_set nodes;                           ///< empty for unbound and local

  /// "unbound", "local", "bind 0-1", "prefer 2", "interleave 0-3", "weighted_interleave 0-1".
  [[nodiscard]] ACRE_API std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const policy& p);
  /// Compares member by member.
  friend bool operator==(const policy&, const policy&) = default;
};

/// Bytes [offset, offset + length) under one policy.
struct plan_range {
  std::size_t offset;   ///< of the first byte, from the beginning of what is planned; whole pages
  std::size_t length;   ///< bytes, whole pages
  acre::policy policy;  ///< what the kernel is told about it
  /// Compares member by member.
  friend bool operator==(const plan_range&, const plan_range&) = default;
};

/// Free bytes of a node, as most_free sees them.
struct node_bytes {
  node_id node;         ///< its number
  std::uint64_t bytes;  ///< free
};

/// What make_plan() goes by beside placement, size and machine.
struct plan_options {
  /// Bytes of a page; a power of two. Ranges and chunks are whole pages of this size. This machine's are
  /// acre::page_size(page_kind::system).
  std::size_t page_size = 4096;
  /// More ranges than this are refused. The kernel keeps one mapping for each range; vm.max_map_count is
  /// 65530 by default, for the whole process.
  std::size_t max_ranges = 16384;
  /// What chunk::automatic aims at: it is as fine as so many ranges allow, and no coarser than a round over all nodes,
  /// for which it may take up to twice as many as there are nodes.
  std::size_t automatic_ranges = 512;
  /// For most_free: free bytes of its nodes; a node that is not named counts with topology::memory().free.
  /// The elements must live until make_plan() returns.
  std::span<const node_bytes> free = {};
};

/// What make_plan() works out: which policy each byte gets.
struct [[nodiscard]] plan {
  /// In order of offset, without gaps, equal neighbours merged; they cover `bytes`.
  std::vector<plan_range> ranges;
  std::size_t bytes = 0;      ///< what was asked, rounded up to whole pages
  std::size_t page_size = 0;  ///< bytes of the pages that it is in: plan_options::page_size
  std::size_t chunk = 0;      ///< the chunk really used, in bytes, whole pages; 0 if none
  /// True if the chunk of the placement was no multiple of the page size.
  bool chunk_rounded = false;

  /// The range that contains byte `offset`, in a time that grows with the logarithm of the number of ranges. Valid as
  /// long as `ranges` is not changed.
  /// \param offset < bytes: nothing is checked
  [[nodiscard]] ACRE_API const plan_range& at(std::size_t offset) const noexcept;
};

/// Works out `where` for `bytes` bytes. Nodes must be usable (topology::require_usable).
///
/// What the kernel has a mode for becomes one range (interleave by page: MPOL_INTERLEAVE); chunks, weights,
/// runs and hard interleaving become a range for each run of equal nodes, each bind (hard) or prefer (soft).
/// Page counts are exact to the page. What a round robin does not divide evenly goes to the nodes first in
/// order. blocked gives a node with weight w after nodes with weights b in sum, of t in all, the pages
/// floor(b * pages / t) to floor((b + w) * pages / t). Soft interleaving over a single node is prefer.
/// \param where what is planned
/// \param bytes > 0, rounded up to whole pages
/// \param machine any, also one that does not exist: topology::from_synthetic()
/// \param options see plan_options
/// \throws error what require_usable() throws; errc::invalid_alignment for a page size that is no power of
///   two; errc::invalid_size for 0 bytes or bytes that overflow when rounded up; errc::too_many_ranges with
///   the count, the limit and the chunk that would do; errc::invalid_function where by_page names a node
///   outside its set; what the by_page function throws
/// \safety pure; reads free memory of this system only for most_free without plan_options::free
ACRE_API plan make_plan(const placement& where, std::size_t bytes, const topology& machine,
                        const plan_options& options = {});

}  // namespace acre::inline v1
