// process_stat: what /proc/PID/stat says of a process, and the files of its threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace acre_cli {

struct process_stat {
  char state = '?';         ///< 'Z': its first thread has ended, maybe alone
  unsigned long flags = 0;  ///< PF_ flags
  std::uint64_t threads = 0;
  std::uint64_t start = 0;  ///< clock ticks since boot: with the number it names a process for good

  bool is_kernel_thread() const noexcept;
  /// No thread lives.
  bool has_ended() const noexcept;
};

/// Nothing if there is no such process.
std::optional<process_stat> stat_of(int pid);

/// Whether /proc numbers processes as system calls do: not where it was mounted in another PID namespace.
bool proc_has_own_numbers();

/// /proc/PID/task/TID of each; none if it has ended. The first thread may have ended alone, as pthread_exit(3) in
/// main() does: what /proc/PID says of memory is empty then, and the others' files have it.
std::vector<std::filesystem::path> thread_directories(int pid);

}  // namespace acre_cli
