// Whether processes live, and which of those that had their number.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace acre::sys {

pid_t own_process() noexcept;
/// Effective.
uid_t own_user() noexcept;
/// The inode number of the PID namespace; 0 if unknown.
std::uint64_t process_namespace() noexcept;

/// When a process began, in clock ticks since boot: with its number it names a process for good. Nothing if it has
/// ended, also if nobody has waited for it yet, or /proc does not tell.
std::optional<std::uint64_t> process_start(pid_t process);
/// False if there is no such process, or only its remains that nobody has waited for; true also where /proc hides it
/// (hidepid=).
bool process_exists(pid_t process);

}  // namespace acre::sys
