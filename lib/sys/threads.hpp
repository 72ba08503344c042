// CPUs and threads.
#pragma once

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#define ACRE_HAS_RSEQ 1
#endif

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace acre::inline v1::sys {

/// sched_getcpu(3); 0 where the kernel does not tell.
unsigned current_cpu_by_call() noexcept;

/// The CPU the calling thread runs on. glibc registers a rseq area for each thread since 2.35, whose cpu_id the kernel
/// keeps up to date (rseq(2), <sys/rseq.h>): a load. sched_getcpu(3) does the same by a call, and where there is no
/// such area (older kernels, the tunable glibc.pthread.rseq=0, Valgrind: cpu_id is negative) asks the vDSO.
inline unsigned current_cpu() noexcept {
#if defined(ACRE_HAS_RSEQ)
  const auto* const area = reinterpret_cast<const volatile struct rseq*>(
      static_cast<const char*>(__builtin_thread_pointer()) + __rseq_offset);
  const auto cpu = static_cast<std::int32_t>(area->cpu_id);
  if (cpu >= 0) [[likely]]
    return static_cast<unsigned>(cpu);
#endif
  return current_cpu_by_call();
}
/// The CPU the calling thread runs on and that CPU's node, which the kernel knows of CPUs that came online a moment ago,
/// too (getcpu(2)); nothing where it does not tell.
struct cpu_place {
  unsigned cpu;
  unsigned node;
};
std::optional<cpu_place> current_place() noexcept;

/// Every CPU that can ever come online has a number below this (nr_cpu_ids of the kernel, rounded up); it needs neither
/// /sys nor /proc.
unsigned possible_cpus() noexcept;

/// The CPUs the calling thread may run on.
std::vector<unsigned> allowed_cpus();
/// Restricts the calling thread to `cpus`: 0 or errno.
int pin(std::span<const unsigned> cpus) noexcept;

/// Makes every running thread of the process pass a full memory barrier: what they did before is seen after this by the
/// caller, and what the caller did before is seen by what they do next (membarrier(2), Linux 4.14).
/// \returns false where the kernel cannot or a filter forbids it
bool barrier_in_all_threads() noexcept;

}  // namespace acre::inline v1::sys
