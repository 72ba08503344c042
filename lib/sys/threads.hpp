// CPUs and threads.
#pragma once

#include <span>
#include <vector>

namespace acre::sys {

/// The CPU the calling thread runs on; from the thread's rseq area since glibc 2.35, some 1 ns, before by the vDSO, some
/// 6 ns.
unsigned current_cpu() noexcept;
/// The CPUs the calling thread may run on.
std::vector<unsigned> allowed_cpus();
/// Restricts the calling thread to `cpus`: 0 or errno.
int pin(std::span<const unsigned> cpus) noexcept;

}  // namespace acre::sys
