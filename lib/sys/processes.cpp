#include "sys/processes.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "sys/files.hpp"

namespace acre::inline v1::sys {
namespace {

std::string path_of(int pid, const char* name) {
  return (pid == 0 ? std::string("/proc/self") : "/proc/" + std::to_string(pid)) + "/" + name;
}
std::string path_of(const std::string& group, const char* name) {
  return "/sys/fs/cgroup" + group + "/" + name;
}

/// The inode number of a namespace; 0 if unknown. Inode numbers of namespaces have 32 bits (PROC_DYNAMIC_FIRST in
/// fs/proc/generic.c).
std::uint32_t inode_of(const char* path) noexcept {
  struct stat s;
  return ::stat(path, &s) == 0 ? static_cast<std::uint32_t>(s.st_ino) : 0;
}

/// Of a process by the number that system calls know.
std::optional<process_stat> stat_of_called(pid_t process) {
  if (process == ::getpid()) return stat_of(0);
  return proc_has_own_numbers() ? stat_of(process) : std::nullopt;
}

// own_identity(), once it is known. Who moves to another time namespace (setns(2)) keeps a start and a namespace that
// belong together.
constinit std::atomic<pid_t> known_number = 0;
constinit std::atomic<std::uint64_t> known_start = 0;
constinit std::atomic<std::uint64_t> known_namespace = 0;
// The number alone does not tell a child from its parent: in a new PID namespace it may have the same.
const bool forks_are_told = pthread_atfork(nullptr, nullptr, [] { known_number = 0; }) == 0;

std::vector<int> numbers_in(const std::string& directory) {
  std::vector<int> numbers;
  for (const std::string& name : entries_of(directory)) {
    if (const int number = std::atoi(name.c_str()); number > 0) numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

int process_number() noexcept { return ::getpid(); }
int thread_number() noexcept { return ::gettid(); }

bool proc_has_own_numbers() noexcept {
  char number[16] = {};
  return ::readlink("/proc/self", number, sizeof number - 1) > 0 && std::atoi(number) == ::getpid();
}

int read_process_file(int pid, const char* name, std::string& text) {
  return read_text(path_of(pid, name).c_str(), text);
}

std::string process_link(int pid, const char* name) { return link_target(path_of(pid, name).c_str()); }

std::string mapped_file(int pid, std::uintptr_t begin, std::uintptr_t end) {
  char file[64];
  std::snprintf(file, sizeof file, "map_files/%zx-%zx", begin, end);
  return process_link(pid, file);
}

int read_group_file(const std::string& group, const char* name, std::string& text) {
  return read_text(path_of(group, name).c_str(), text);
}

int write_group_file(const std::string& group, const char* name, const std::string& text) {
  const int fd = ::open(path_of(group, name).c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const ssize_t n = ::write(fd, text.data(), text.size());
  const int error = n < 0 ? errno : 0;
  ::close(fd);
  return error;
}

bool has_process(int pid) noexcept {
  if (pid == 0) return ::access("/proc/self", F_OK) == 0;
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d", pid);
  return ::access(path, F_OK) == 0;
}

std::vector<int> all_processes() { return numbers_in("/proc"); }

std::vector<int> threads_of(int pid) { return numbers_in(path_of(pid, "task")); }

bool process_stat::has_ended() const noexcept { return state == 'X' || (state == 'Z' && threads <= 1); }

bool process_stat::is_kernel_thread() const noexcept {
  constexpr unsigned long kernel_thread_flag = 0x00200000;  // PF_KTHREAD
  return (flags & kernel_thread_flag) != 0;
}

// proc_pid_stat(5): state is field 3, flags 9, num_threads 20, starttime 22. The name before the last ')' may contain
// anything.
std::optional<process_stat> stat_of(int pid) {
  std::string text;
  if (read_process_file(pid, "stat", text) != 0) return std::nullopt;
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  process_stat found;
  fields >> found.state;
  for (int field = 4; field < 9; ++field) fields >> skipped;
  fields >> found.flags;
  for (int field = 10; field < 20; ++field) fields >> skipped;
  fields >> found.threads >> skipped >> found.start;
  return fields ? std::optional(found) : std::nullopt;
}

int open_process(int pid) noexcept {
  if (!proc_has_own_numbers()) return -ENOSYS;
  const long file = ::syscall(SYS_pidfd_open, pid, 0);
  return file < 0 ? -errno : static_cast<int>(file);
}

uid_t own_user() noexcept { return ::geteuid(); }

std::uint32_t pid_namespace() noexcept { return inode_of("/proc/self/ns/pid"); }

std::uint64_t process_namespace() noexcept {
  const std::uint64_t pids = pid_namespace();
  return pids == 0 ? 0 : pids | std::uint64_t{inode_of("/proc/self/ns/time")} << 32;
}

std::optional<std::uint64_t> process_start(pid_t process) {
  const auto found = stat_of_called(process);
  return found && !found->has_ended() ? std::optional(found->start) : std::nullopt;
}

process_identity own_identity() {
  const pid_t self = ::getpid();
  if (known_number.load(std::memory_order_acquire) == self)
    return {self, known_start.load(std::memory_order_relaxed),
            known_namespace.load(std::memory_order_relaxed)};
  const process_identity found{self, process_start(self).value_or(0), process_namespace()};
  if (found.start != 0 && found.where != 0 && forks_are_told) {
    known_start.store(found.start, std::memory_order_relaxed);
    known_namespace.store(found.where, std::memory_order_relaxed);
    known_number.store(self, std::memory_order_release);
  }
  return found;
}

process_state state_of_process(pid_t process) {
  if (process <= 0) return process_state::unknown;
  if (::kill(process, 0) != 0 && errno == ESRCH) return process_state::gone;
  const auto found = stat_of_called(process);
  return found && found->has_ended() ? process_state::gone : process_state::alive;
}

bool has_thread(pid_t thread) noexcept { return ::syscall(SYS_tkill, thread, 0) == 0 || errno != ESRCH; }

std::optional<thread_owner> owner_of_thread(pid_t thread) {
  std::string text;
  if (!proc_has_own_numbers() || read_process_file(thread, "status", text) != 0) return std::nullopt;
  std::istringstream lines(text);
  thread_owner found;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Tgid:")) found.process = std::atoi(line.c_str() + 5);
    if (line.starts_with("State:\t")) found.is_stopped = line[7] == 'T' || line[7] == 't';
  }
  return found.process > 0 ? std::optional(found) : std::nullopt;
}

}  // namespace acre::inline v1::sys
