#include "cli/acre/process_name.hpp"

#include "cli/common/input_error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

namespace acre_cli {
namespace fs = std::filesystem;
namespace {

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string name_of(int pid) {
  std::string name = text_of(fmt::format("/proc/{}/comm", pid));
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

/// The kernel cuts comm to 15 bytes, and programs change it.
std::string program_of(int pid) {
  std::error_code ec;
  return fs::read_symlink(fmt::format("/proc/{}/exe", pid), ec).filename().string();
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<int> processes_named(std::string_view name) {
  std::vector<int> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto pid = number(entry.path().filename().string());
    if (pid && *pid != ::getpid() && (name_of(*pid) == name || program_of(*pid) == name))
      found.push_back(*pid);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

int find_process(std::string_view text) {
  if (const auto pid = number(text)) {
    if (*pid > 0 && fs::exists(fmt::format("/proc/{}", *pid))) return *pid;
    throw input_error(fmt::format("there is no process {}", text));
  }
  const std::vector<int> found = processes_named(text);
  if (found.empty()) throw input_error(fmt::format("there is no process '{}'", text));
  if (found.size() > 1) {
    throw input_error(fmt::format("{} processes are named '{}', say which: {}", found.size(), text,
                                  fmt::join(found, ", ")));
  }
  return found.front();
}

std::string command_line_of(int pid) {
  std::string line = text_of(fmt::format("/proc/{}/cmdline", pid));
  while (!line.empty() && line.back() == '\0') line.pop_back();
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  if (!line.empty()) return line;
  const std::string name = name_of(pid);
  return name.empty() ? "?" : "[" + name + "]";
}

}  // namespace acre_cli
