// memory_limits: what limits the memory of this process, beside the memory that there is: control groups of both
// versions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace acre::inline v1::sys {

/// What a limit leaves, and its file, for messages.
struct limit_room {
  std::uint64_t bytes = 0;
  std::string file;
  std::uint64_t limit = 0;  ///< bytes
  std::uint64_t used = 0;   ///< bytes, page cache too
};

/// What is known of limits that control groups set.
struct group_limits {
  /// Of all limits that can be seen, the one that leaves least; nothing where none is set.
  std::optional<limit_room> tightest;
  /// False where this process is in a group, or may be, whose files cannot be read: then there may be limits that
  /// nobody here knows of.
  bool all_seen = true;
};

/// Memory: memory.max and memory.high of the group and of all visible ones above it (above memory.high the kernel makes
/// the process wait for each further piece, for seconds: whoever wants memory now has no room there), or
/// memory.limit_in_bytes and memory.memsw.limit_in_bytes of version 1. Page cache that the group could give up counts
/// as room. What could be swapped out does not: it would be no longer where it was placed.
/// A limit that is new to the group counts after a tenth of a second.
/// \param wanted bytes: where more is left without the page cache, that is not looked at, for it costs most
/// \param root what stands for "/", for tests
group_limits memory_group_limits(std::uint64_t wanted, const std::string& root = {});

/// Limits of hugetlb pages of 2^shift bytes (hugetlb.2MB.max): beyond one, touching a page that was reserved is a
/// SIGBUS.
group_limits huge_page_group_limits(unsigned shift, const std::string& root = {});

}  // namespace acre::inline v1::sys
