#include "cli/acre/process_name.hpp"

#include "cli/acre/process_stat.hpp"
#include "cli/common/file_text.hpp"
#include "cli/common/input_error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace acre_cli {
namespace fs = std::filesystem;
namespace {

std::string command_words(int pid) {
  std::string words = text_of(fmt::format("/proc/{}/cmdline", pid));
  if (!words.empty()) return words;
  for (const fs::path& thread : thread_directories(pid)) {
    words = text_of(thread / "cmdline");
    if (!words.empty()) break;
  }
  return words;
}

std::string name_of(int pid) {
  std::string name = text_of(fmt::format("/proc/{}/comm", pid));
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

constexpr std::size_t longest_name = 15;  // TASK_COMM_LEN - 1

/// The name that the kernel has cut, as it stands in the command line: there of a script after its interpreter.
std::string whole_name_of(int pid, std::string_view cut_name) {
  const std::string words = command_words(pid);
  for (std::string_view rest = words; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    const std::string_view last = word.substr(word.rfind('/') + 1);
    if (last.starts_with(cut_name)) return std::string(last);
  }
  return std::string(cut_name);
}

/// Programs change comm. Of other users' processes this is not to be read. Of a file that is gone, as after an upgrade,
/// the kernel says so behind its name.
bool is_program(int pid, std::string_view name) {
  std::error_code ec;
  const std::string program = fs::read_symlink(fmt::format("/proc/{}/exe", pid), ec).filename().string();
  return program == name || program == fmt::format("{} (deleted)", name);
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_named(int pid, std::string_view name) {
  const std::string own = name_of(pid);
  if (own == name || is_program(pid, name)) return true;
  return own.size() == longest_name && name.starts_with(own) && whole_name_of(pid, own) == name;
}

bool has_ended(int pid) {
  const auto stat = stat_of(pid);
  return !stat || stat->has_ended();
}

std::vector<int> processes_named(std::string_view name) {
  std::vector<int> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto pid = number(entry.path().filename().string());
    if (pid && *pid != ::getpid() && is_named(*pid, name)) found.push_back(*pid);
  }
  std::sort(found.begin(), found.end());
  const auto living = std::stable_partition(found.begin(), found.end(), has_ended);
  if (living != found.end()) found.erase(found.begin(), living);
  return found;
}

}  // namespace

int find_process(std::string_view text) {
  // A link that every procfs has, whatever it leads to.
  if (std::error_code ec; !fs::is_symlink(fs::symlink_status("/proc/self", ec)))
    throw std::runtime_error("/proc, which shows processes, is not mounted");
  if (const auto pid = number(text)) {
    if (*pid > 0 && fs::exists(fmt::format("/proc/{}", *pid))) return *pid;
    throw input_error(fmt::format("there is no process {}", text));
  }
  if (text.empty()) throw input_error("the process: a number, or the name of its program");
  const std::vector<int> found = processes_named(text);
  if (found.empty()) throw input_error(fmt::format("there is no process '{}'", text));
  if (found.size() > 1) {
    throw input_error(fmt::format("{} processes are named '{}', say which: {}", found.size(), text,
                                  fmt::join(found, ", ")));
  }
  return found.front();
}

std::string command_line_of(int pid) {
  std::string line = command_words(pid);
  while (!line.empty() && line.back() == '\0') line.pop_back();
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  if (!line.empty()) return line;
  const std::string name = name_of(pid);
  return name.empty() ? "?" : "[" + name + "]";
}

}  // namespace acre_cli
