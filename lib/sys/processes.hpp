// processes: what /proc tells of processes and threads.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace acre::inline v1::sys {

int process_number() noexcept;
/// The kernel's number of the calling thread; of a process's first thread it is the number of the process.
int thread_number() noexcept;

/// Whether /proc numbers processes as kill(2) and migrate_pages(2) do: not where it was mounted in another PID
/// namespace.
bool proc_has_own_numbers() noexcept;

/// The whole text of /proc/<pid>/<name>; pid 0: of this process, whatever its number there. 0 or errno: ENOENT, ESRCH:
/// there is no such process (any more), or no such file; EACCES, EPERM: not for this process to see.
int read_process_file(int pid, const char* name, std::string& text);
/// What a symbolic link /proc/<pid>/<name> says; empty if there is none, or it is not for this process to see.
std::string process_link(int pid, const char* name);
/// The file that the process has mapped at exactly this range, as its link in /proc/<pid>/map_files names it; empty if
/// there is none, or it is not for this process to see.
std::string mapped_file(int pid, std::uintptr_t begin, std::uintptr_t end);
/// Whether /proc shows the process, or the thread, at all; 0: this process.
bool has_process(int pid) noexcept;

/// The processes that /proc shows.
std::vector<int> all_processes();
/// Numbers of the threads of a process, in the order that /proc has them; none if it is gone. The first thread may have
/// ended while others go on.
std::vector<int> threads_of(int pid);

/// What /proc/<pid>/stat says.
struct process_stat {
  char state = '?';         ///< 'Z': its first thread has ended, maybe alone
  unsigned long flags = 0;  ///< PF_ flags of include/linux/sched.h
  std::uint64_t threads = 0;
  std::uint64_t start = 0;  ///< clock ticks since boot: with its number it names a process for good

  /// No thread lives.
  bool has_ended() const noexcept;
  bool is_kernel_thread() const noexcept;
};
/// Of the process that has this number in /proc, 0: of this one; nothing if there is none.
std::optional<process_stat> stat_of(int pid);

/// A descriptor of the process that becomes readable when it ends (pidfd_open(2), Linux 5.3), or -errno: -ESRCH where
/// there is none, -ENOSYS also where /proc numbers processes otherwise than system calls do.
int open_process(int pid) noexcept;

/// The effective user of this process.
uid_t own_user() noexcept;
/// The inode number of the PID namespace; 0 if unknown.
std::uint32_t pid_namespace() noexcept;
/// Where numbers and starts of processes mean the same: inode numbers of the PID namespace and of the time namespace,
/// which shifts all starts (time_namespaces(7)); 0 if unknown.
std::uint64_t process_namespace() noexcept;

/// When a process began, in clock ticks since boot: with its number it names a process for good. Nothing if it has
/// ended, also if nobody has waited for it yet, or /proc does not tell.
std::optional<std::uint64_t> process_start(pid_t process);

/// What names this process for good, as others can look it up.
struct process_identity {
  pid_t number = 0;
  std::uint64_t start = 0;  ///< process_start(); 0: unknown
  std::uint64_t where = 0;  ///< process_namespace(); 0: unknown
};
/// Looked up once, where /proc tells.
process_identity own_identity();

/// What has become of a process, as far as it can be told. Unknown is not gone.
enum class process_state {
  alive,  ///< or another has its number now
  gone,   ///< there is none, or only its remains that nobody has waited for
  unknown,
};
/// \param process in this process's PID namespace; 0, the kernel's word for one of another namespace: unknown
process_state state_of_process(pid_t process);

/// Whether this PID namespace has a thread of that number.
bool has_thread(pid_t thread) noexcept;
/// The process that a thread belongs to.
struct thread_owner {
  pid_t process = 0;
  bool is_stopped = false;  ///< by a signal or a tracer
};
/// Nothing if there is no such thread, or /proc does not tell.
std::optional<thread_owner> owner_of_thread(pid_t thread);

/// A file of a control group (v2) below /sys/fs/cgroup; the path is that of /proc/PID/cgroup, empty for the
/// topmost group. 0 or errno.
int read_group_file(const std::string& group, const char* name, std::string& text);
int write_group_file(const std::string& group, const char* name, const std::string& text);

}  // namespace acre::inline v1::sys
