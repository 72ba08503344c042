#include "process/process_name.hpp"

#include <algorithm>

#include "sys/files.hpp"
#include "sys/processes.hpp"

namespace acre::inline v1 {
namespace {

std::string text_of(int pid, const std::string& file) {
  std::string text;
  sys::read_process_file(pid, file.c_str(), text);
  return text;
}

/// With a zero byte behind each word.
std::string command_words(int pid) {
  std::string words = text_of(pid, "cmdline");
  if (!words.empty()) return words;
  // The first thread may have ended alone.
  for (const int thread : sys::threads_of(pid)) {
    words = text_of(pid, "task/" + std::to_string(thread) + "/cmdline");
    if (!words.empty()) break;
  }
  return words;
}

std::vector<std::string_view> split(std::string_view words) {
  std::vector<std::string_view> found;
  while (!words.empty()) {
    found.push_back(words.substr(0, words.find('\0')));
    words.remove_prefix(std::min(found.back().size() + 1, words.size()));
  }
  return found;
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string name_of(int pid) {
  std::string name = text_of(pid, "comm");
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

constexpr std::size_t longest_name = 15;  // TASK_COMM_LEN - 1

/// Whether a word of the command line has in full what the kernel has cut: of a script a later word than the first.
bool is_whole_name(int pid, std::string_view cut_name, std::string_view name) {
  const std::string words = command_words(pid);
  for (const std::string_view word : split(words)) {
    if (last_part(word).starts_with(cut_name)) return last_part(word) == name;
  }
  return cut_name == name;
}

/// Programs change comm. Of other users' processes the link is not to be read. Of a file that is gone, as after an
/// upgrade, the kernel says so behind its name.
bool is_program(int pid, std::string_view name) {
  const std::string link = sys::process_link(pid, "exe");
  const std::string_view program = last_part(link);
  return program == name || program == std::string(name) + " (deleted)";
}

bool is_named(int pid, std::string_view name) {
  const std::string own = name_of(pid);
  if (own == name || is_program(pid, name)) return true;
  return own.size() == longest_name && name.starts_with(own) && is_whole_name(pid, own, name);
}

/// The first argument that is no option; empty if there is none.
std::string script_of(int pid) {
  const std::string words = command_words(pid);
  const auto all = split(words);
  const auto script = std::find_if(all.begin() + (all.empty() ? 0 : 1), all.end(),
                                   [](std::string_view word) { return !word.starts_with('-'); });
  // `sh -c 'cd /srv && python3 /srv/eat.py'` is a shell with a line of its own, and no script.
  const bool is_file = script != all.end() && script->find_first_of(" \n") == std::string_view::npos;
  return is_file ? std::string(*script) : "";
}

bool runs_script(int pid, std::string_view name) {
  const std::string script = script_of(pid);
  return !script.empty() && last_part(script) == name;
}

/// Whether there is such a file where the process is. Of another user's process only an absolute path can be looked
/// for.
bool is_file_of(int pid, const std::string& path) {
  std::string file = path;
  if (!path.starts_with('/')) {
    const std::string directory = sys::process_link(pid, "cwd");
    if (directory.empty()) return false;
    file.insert(0, directory + "/");
  }
  return sys::exists(file.c_str()) && !sys::exists((file + "/.").c_str());
}

bool has_ended(int pid) {
  const auto stat = sys::stat_of(pid);
  return !stat || stat->has_ended();
}

template <class Predicate>
std::vector<int> processes_that(Predicate holds) {
  std::vector<int> found;
  const int self = sys::process_number();
  for (const int pid : sys::all_processes()) {
    if (pid != self && holds(pid)) found.push_back(pid);
  }
  std::sort(found.begin(), found.end());
  const auto living = std::stable_partition(found.begin(), found.end(), has_ended);
  if (living != found.end()) found.erase(found.begin(), living);
  return found;
}

}  // namespace

std::vector<int> processes_named(std::string_view name) {
  std::vector<int> found = processes_that([&](int pid) { return is_named(pid, name); });
  return !found.empty() ? found : processes_that([&](int pid) { return runs_script(pid, name); });
}

std::map<std::string, std::vector<int>> process_names() {
  std::map<std::string, std::vector<int>> programs;
  std::map<std::string, std::vector<int>> scripts;
  for (const int pid : sys::all_processes()) {
    const auto stat = sys::stat_of(pid);
    if (!stat || stat->has_ended() || stat->is_kernel_thread() || pid == sys::process_number()) continue;
    programs[name_of(pid)].push_back(pid);
    const std::string script = script_of(pid);
    if (!script.empty() && is_file_of(pid, script)) scripts[std::string(last_part(script))].push_back(pid);
  }
  programs.merge(scripts);
  return programs;
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

}  // namespace acre::inline v1
