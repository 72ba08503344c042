// What /proc tells of processes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace acre::sys {

int process_number() noexcept;
/// Of the calling thread; the process's for its first one.
int thread_number() noexcept;

/// Whether /proc numbers processes as kill(2) and migrate_pages(2) do: not where it was mounted in another PID namespace.
bool proc_has_own_numbers() noexcept;

/// The whole text of /proc/<pid>/<name>; pid 0: of this process, whatever its number there. 0 or errno: ENOENT, ESRCH: there is no such process (any more), or
/// no such file; EACCES, EPERM: not for this process to see.
int read_process_file(int pid, const char* name, std::string& text);
/// The file that the process has mapped at exactly this range, as its link in /proc/<pid>/map_files names it; empty if
/// there is none, or it is not for this process to see.
std::string mapped_file(int pid, std::uintptr_t begin, std::uintptr_t end);
/// Whether /proc shows the process, or the thread, at all; 0: this process.
bool has_process(int pid) noexcept;

/// Of the process, in the order that /proc has them; none if it is gone. The first may have ended alone.
std::vector<int> threads_of(int pid);

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

/// A file of a control group (v2) below /sys/fs/cgroup; the path is that of /proc/PID/cgroup, empty for the
/// topmost group. 0 or errno.
int read_group_file(const std::string& group, const char* name, std::string& text);
int write_group_file(const std::string& group, const char* name, const std::string& text);

}  // namespace acre::sys
