// Measuring in a process of its own, where resident memory and faults are those of one allocator, and no
// allocator's state is what other rows have left: glibc's malloc, for one, keeps more free memory once it has
// freed large blocks.
#pragma once

#include <functional>
#include <string>

#include "peers.hpp"
#include "workloads.hpp"

namespace bench {

/// What a process tells when it ends.
struct report {
  figures counted;
  std::string label = {};
};

/// What f returns, called in a child of this process. This one must not have used the peer that f uses.
/// \throws missing and std::runtime_error that f threw, or if the child ended otherwise
report in_fresh_process(const std::function<report()>& f);

/// A row for each peer, whose figures come from a process each time. The one called "seconds" is the row's
/// time, the others are counters.
void fresh_rows(const std::string& group, const std::vector<peer>& of,
                const std::function<figures(subject&)>& measure);

/// Bytes of this process that are resident. Pages that are free to take for the kernel (MADV_FREE) do not
/// count.
double resident_bytes();

}  // namespace bench
