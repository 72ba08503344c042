#include "sys/processes.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>
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

struct stat_words {
  char state;
  std::uint64_t threads;
  std::uint64_t start;

  /// The first thread may have ended alone.
  bool has_ended() const noexcept { return state == 'X' || (state == 'Z' && threads <= 1); }
};

/// Of a namespace; 0 if unknown. Inode numbers of namespaces have 32 bits (PROC_DYNAMIC_FIRST in fs/proc/generic.c).
std::uint32_t inode_of(const char* path) noexcept {
  struct stat s;
  return ::stat(path, &s) == 0 ? static_cast<std::uint32_t>(s.st_ino) : 0;
}

/// Of /proc/PID/stat (proc(5)): the name, in parentheses, may contain anything; after it the state is field 3, the
/// count of threads field 20, the start field 22.
std::optional<stat_words> stat_of(pid_t process) {
  const bool is_self = process == ::getpid();
  if (!is_self && !proc_has_own_numbers()) return std::nullopt;
  std::string text;
  if (read_text(path_of(is_self ? 0 : process, "stat").c_str(), text) != 0) return std::nullopt;
  const std::size_t close = text.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::istringstream words(text.substr(close + 1));
  std::string skipped;
  stat_words found{};
  words >> found.state;
  for (int field = 4; field < 20; ++field) words >> skipped;
  words >> found.threads >> skipped >> found.start;
  return words ? std::optional(found) : std::nullopt;
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

std::string mapped_file(int pid, std::uintptr_t begin, std::uintptr_t end) {
  char file[64];
  std::snprintf(file, sizeof file, "map_files/%zx-%zx", begin, end);
  char name[PATH_MAX];
  const ssize_t size = ::readlink(path_of(pid, file).c_str(), name, sizeof name);
  return size < 0 ? std::string() : std::string(name, static_cast<std::size_t>(size));
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

std::vector<int> threads_of(int pid) {
  std::vector<int> threads;
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(::opendir(path_of(pid, "task").c_str()), ::closedir);
  if (!tasks) return threads;
  while (const dirent* const entry = ::readdir(tasks.get())) {
    if (const int thread = std::atoi(entry->d_name); thread > 0) threads.push_back(thread);
  }
  return threads;
}

uid_t own_user() noexcept { return ::geteuid(); }

std::uint32_t pid_namespace() noexcept { return inode_of("/proc/self/ns/pid"); }

std::uint64_t process_namespace() noexcept {
  const std::uint64_t pids = pid_namespace();
  return pids == 0 ? 0 : pids | std::uint64_t{inode_of("/proc/self/ns/time")} << 32;
}

std::optional<std::uint64_t> process_start(pid_t process) {
  const auto found = stat_of(process);
  return found && !found->has_ended() ? std::optional(found->start) : std::nullopt;
}

process_state state_of_process(pid_t process) {
  if (process <= 0) return process_state::unknown;
  if (::kill(process, 0) != 0 && errno == ESRCH) return process_state::gone;
  const auto found = stat_of(process);
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
