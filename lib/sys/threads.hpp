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

/// Makes every running thread of the process pass a full memory barrier: what they did before is seen after this by the
/// caller, and what the caller did before is seen by what they do next (membarrier(2), Linux 4.14).
/// \returns false where the kernel cannot or a filter forbids it
bool barrier_in_all_threads() noexcept;

}  // namespace acre::sys
