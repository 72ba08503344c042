// process_smaps: what /proc/PID/smaps says of the mappings of a process, and numa_maps does not. The kernel walks the
// page tables for it, and takes as long as for numa_maps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>

namespace acre_cli {

/// In bytes; hugetlb pages count in none of them.
struct mapping_memory {
  std::size_t resident = 0;
  std::size_t proportional = 0;      ///< a page that N processes map counts 1/N (Pss)
  std::size_t transparent_huge = 0;  ///< mapped by huge entries: anonymous memory, shared memory, files

  friend bool operator==(const mapping_memory&, const mapping_memory&) = default;
};

/// By the beginning of the mapping.
using process_smaps = std::map<std::uintptr_t, mapping_memory>;

process_smaps parse_smaps(std::istream& smaps);

/// Empty where the kernel does not tell, or not this user.
process_smaps smaps_of(int pid);

}  // namespace acre_cli
