// transparent_huge: how much of a process's memory is mapped by transparent huge pages. /proc/PID/numa_maps does not
// tell; /proc/PID/smaps does, and takes the kernel as long as numa_maps once more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>

namespace acre_cli {

/// Bytes, by the beginning of the mapping; without those that have none.
using huge_bytes = std::map<std::uintptr_t, std::size_t>;

/// Nothing if there is no mapping in it.
std::optional<huge_bytes> parse_smaps(std::istream& smaps);

/// Nothing where the kernel does not tell, or not this user.
std::optional<huge_bytes> read_transparent_huge(int pid);

}  // namespace acre_cli
