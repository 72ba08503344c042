#include "cli/acre/process_stat.hpp"

#include "cli/common/file_text.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <system_error>

namespace acre_cli {

bool process_stat::is_kernel_thread() const noexcept {
  constexpr unsigned long kernel_thread_flag = 0x00200000;  // PF_KTHREAD, include/linux/sched.h
  return (flags & kernel_thread_flag) != 0;
}

bool process_stat::has_ended() const noexcept { return state == 'X' || (state == 'Z' && threads <= 1); }

// proc_pid_stat(5): state is field 3, flags 9, num_threads 20, starttime 22. The name before the last ')' may contain
// anything.
std::optional<process_stat> stat_of(int pid) {
  const std::string text = text_of(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string passed_over;
  process_stat found;
  fields >> found.state;
  for (int field = 4; field < 9; ++field) fields >> passed_over;
  fields >> found.flags;
  for (int field = 10; field < 20; ++field) fields >> passed_over;
  fields >> found.threads >> passed_over >> found.start;
  return fields ? std::optional(found) : std::nullopt;
}

bool proc_has_own_numbers() {
  std::error_code ec;
  return std::filesystem::read_symlink("/proc/self", ec) == std::to_string(::getpid());
}

std::vector<std::filesystem::path> thread_directories(int pid) {
  std::vector<std::filesystem::path> found;
  std::error_code ec;
  std::filesystem::directory_iterator at(fmt::format("/proc/{}/task", pid), ec);
  for (; !ec && at != std::filesystem::directory_iterator(); at.increment(ec)) found.push_back(at->path());
  return found;
}

}  // namespace acre_cli
