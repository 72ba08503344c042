// process_smaps: what /proc/PID/smaps says of the mappings of a process, and numa_maps does not. The kernel walks the
// page tables for it, and takes as long as for numa_maps.
#pragma once

#include <cstdint>
#include <map>

#include "sys/mappings.hpp"

namespace acre::inline v1 {

using sys::smaps_entry;

/// By the beginning of the mapping.
using process_smaps = std::map<std::uintptr_t, smaps_entry>;

/// Empty where the kernel does not tell, or not this user.
process_smaps smaps_of(int pid);

}  // namespace acre::inline v1
