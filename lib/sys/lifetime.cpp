#include "sys/lifetime.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <string>

#include "sys/files.hpp"

namespace acre::sys {
namespace {

struct stat_words {
  char state;
  std::uint64_t threads;
  std::uint64_t start;

  /// The first thread may have ended alone.
  bool has_ended() const noexcept { return state == 'X' || (state == 'Z' && threads <= 1); }
};

/// Of /proc/PID/stat (proc(5)): the name, in parentheses, may contain anything; after it the state is field 3, the
/// count of threads field 20, the start field 22.
std::optional<stat_words> stat_of(pid_t process) {
  const auto text = read_file(("/proc/" + std::to_string(process) + "/stat").c_str());
  if (!text) return std::nullopt;
  const std::size_t close = text->rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::istringstream words(text->substr(close + 1));
  std::string skipped;
  stat_words found{};
  words >> found.state;
  for (int field = 4; field < 20; ++field) words >> skipped;
  words >> found.threads >> skipped >> found.start;
  return words ? std::optional(found) : std::nullopt;
}

}  // namespace

pid_t own_process() noexcept { return ::getpid(); }
uid_t own_user() noexcept { return ::geteuid(); }

std::uint64_t process_namespace() noexcept {
  struct stat s;
  return ::stat("/proc/self/ns/pid", &s) == 0 ? s.st_ino : 0;
}

std::optional<std::uint64_t> process_start(pid_t process) {
  const auto found = stat_of(process);
  return found && !found->has_ended() ? std::optional(found->start) : std::nullopt;
}

bool process_exists(pid_t process) {
  if (const auto found = stat_of(process)) return !found->has_ended();
  return process > 0 && (::kill(process, 0) == 0 || errno != ESRCH);
}

}  // namespace acre::sys
