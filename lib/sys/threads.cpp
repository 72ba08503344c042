#include "sys/threads.hpp"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <cstddef>

namespace acre::inline v1::sys {
namespace {

// More than any kernel's NR_CPUS (8192); a smaller set is EINVAL on machines with more possible CPUs.
constexpr std::size_t max_cpus = 16384;
constexpr std::size_t set_bytes = CPU_ALLOC_SIZE(max_cpus);
constexpr std::size_t set_words = set_bytes / sizeof(cpu_set_t) + 1;

}  // namespace

unsigned current_cpu_by_call() noexcept {
  const int cpu = ::sched_getcpu();
  return cpu < 0 ? 0 : static_cast<unsigned>(cpu);
}

std::optional<cpu_place> current_place() noexcept {
  cpu_place at{};
  if (::syscall(SYS_getcpu, &at.cpu, &at.node, nullptr) != 0) return std::nullopt;
  return at;
}

unsigned possible_cpus() noexcept {
  // The bare system call returns the bytes that the kernel's set of CPUs has; glibc's wrapper hides that.
  cpu_set_t set[set_words];
  const long bytes = ::syscall(SYS_sched_getaffinity, 0, set_bytes, set);
  return bytes > 0 ? static_cast<unsigned>(bytes) * 8U : static_cast<unsigned>(max_cpus);
}

std::vector<unsigned> allowed_cpus() {
  std::vector<cpu_set_t> set(set_words);
  std::vector<unsigned> cpus;
  if (::sched_getaffinity(0, set_bytes, set.data()) != 0) return cpus;
  for (unsigned cpu = 0; cpu < max_cpus; ++cpu) {
    if (CPU_ISSET_S(cpu, set_bytes, set.data())) cpus.push_back(cpu);
  }
  return cpus;
}

int pin(std::span<const unsigned> cpus) noexcept {
  cpu_set_t set[set_words];
  CPU_ZERO_S(set_bytes, set);
  for (unsigned cpu : cpus) {
    if (cpu < max_cpus) CPU_SET_S(cpu, set_bytes, set);
  }
  return ::sched_setaffinity(0, set_bytes, set) == 0 ? 0 : errno;
}

bool barrier_in_all_threads() noexcept {
  // Registering can take milliseconds in a process of many threads: done by the first who needs it. Children inherit
  // it (Linux 4.14 on).
  static const bool registered =
      syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  return registered && syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
}

}  // namespace acre::inline v1::sys
