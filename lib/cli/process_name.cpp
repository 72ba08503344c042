#include "cli/process_name.hpp"

#include "cli/input_error.hpp"
#include "process/process_files.hpp"
#include "process/process_name.hpp"

#include <acre/error.hpp>

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace acre_cli {
namespace fs = std::filesystem;

/// Every PID namespace has a process 1, and this file of it anybody may read.
static std::string hidden_processes() {
  try {
    acre::read_process_file(1, "stat");
  } catch (const acre::error& e) {
    if (e.code() == acre::errc::permission_denied)
      return " that this user sees: /proc hides others' (hidepid)";
  }
  return "";
}

int find_process(std::string_view text) {
  // A link that every procfs has, whatever it leads to.
  if (std::error_code ec; !fs::is_symlink(fs::symlink_status("/proc/self", ec)))
    throw std::runtime_error("/proc, which shows processes, is not mounted");
  if (text.empty()) throw input_error("the process: a number, or the name of its program or script");
  int pid = 0;
  if (const auto read = std::from_chars(text.data(), text.data() + text.size(), pid);
      read.ec == std::errc{} && read.ptr == text.data() + text.size()) {
    if (pid == 0) throw input_error("there is no process 0");
    acre::require_process(pid);
    return pid;
  }
  const std::vector<int> found = acre::processes_named(text);
  if (found.empty()) throw input_error(fmt::format("there is no process '{}'{}", text, hidden_processes()));
  if (found.size() == 1) return found.front();
  std::string list = fmt::format("{} processes are named '{}', say which:", found.size(), text);
  for (const int each : found) list += fmt::format("\n{} {}", each, acre::command_line_of(each));
  throw input_error(list);
}

}  // namespace acre_cli
