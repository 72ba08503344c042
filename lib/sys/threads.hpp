// threads: CPUs of threads, and barriers over all threads.
#pragma once

#include <acre/detail/current_cpu.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace acre::inline v1::sys {

/// sched_getcpu(3); 0 where the kernel does not tell.
unsigned current_cpu_by_call() noexcept;

/// The CPU that the calling thread runs on, also where detail::current_cpu() does not know it.
inline unsigned current_cpu() noexcept {
  const unsigned cpu = detail::current_cpu();
  return static_cast<int>(cpu) >= 0 ? cpu : current_cpu_by_call();
}
/// The CPU the calling thread runs on and that CPU's node, which the kernel knows of CPUs that came online a moment
/// ago, too (getcpu(2)); nothing where it does not tell.
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
