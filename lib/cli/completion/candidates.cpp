#include "cli/completion/candidates.hpp"

#include "cli/printable.hpp"
#include "process/process_files.hpp"
#include "process/system_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace acre_cli {
namespace {

namespace fs = std::filesystem;
using lines = std::vector<std::string>;

void offer(lines& all, const std::string& word, const std::string& about) {
  // A line is one word. What moves the cursor of a terminal is not to be typed by its name.
  if (word.empty() || std::ranges::any_of(word, [](unsigned char c) { return c < ' ' || c == 0x7f; })) return;
  all.push_back(about.empty() ? word : word + '\t' + printable(about));
}

/// Names in `directory` that begin with `start` and then have nothing but digits.
std::vector<unsigned long> numbered(const fs::path& directory, std::string_view start) {
  std::vector<unsigned long> numbers;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(directory, ec)) {
    const std::string name = entry.path().filename().string();
    const std::string number = name.starts_with(start) ? name.substr(start.size()) : "";
    if (!number.empty() && number.find_first_not_of("0123456789") == number.npos)
      numbers.push_back(std::stoul(number));
  }
  std::ranges::sort(numbers);
  return numbers;
}

void offer_nodes(lines& all) {
  offer(all, "all", "nodes");
  const std::string nodes = "/sys/devices/system/node";
  for (const unsigned long n : numbered(nodes, "node")) {
    const std::string cpus =
        acre::system_files().line(fmt::format("{}/node{}/cpulist", nodes, n)).value_or("");
    offer(all, std::to_string(n), cpus.empty() ? "no CPUs" : "CPUs " + cpus);
  }
}

/// Numbers and names; without kernel threads and zombies, which have no memory of their own.
void offer_processes(lines& all) {
  std::map<std::string, std::vector<unsigned long>> named;
  for (const unsigned long pid : numbered("/proc", "")) {
    const auto stat = acre::stat_of(static_cast<int>(pid));
    if (!stat || stat->is_kernel_thread() || stat->has_ended() || static_cast<pid_t>(pid) == ::getpid())
      continue;
    const std::string name = acre::system_files().line(fmt::format("/proc/{}/comm", pid)).value_or("");
    named[name].push_back(pid);
    offer(all, std::to_string(pid), name);
  }
  for (const auto& [name, pids] : named)
    offer(all, name,
          pids.size() == 1 ? "process " + std::to_string(pids.front())
                           : fmt::format("{} processes", pids.size()));
}

void offer_segments(lines& all) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator("/dev/shm", ec)) {
    if (entry.is_regular_file(ec)) offer(all, entry.path().filename().string(), "");
  }
}

/// \param name of the value, as in the table of arguments
/// \param place how many words of a repeated one came before
lines values_of(std::string_view name, std::size_t place) {
  lines all;
  const std::string_view kind = bare_name(name);
  if (kind == "FILE") return {"\tfiles"};
  if (kind == "PROCESS") offer_processes(all);
  if (kind == "SEGMENT") offer_segments(all);
  if (kind.starts_with("NODES") || kind == "FROM" || kind == "TO" || (kind == "PLACEMENT" && place > 0))
    offer_nodes(all);
  if (kind == "PLACEMENT" && place == 0)
    all = {"unbound", "local",    "bind", "prefer", "interleave", "weighted", "weighted_by_system",
           "blocked", "most_free"};
  for (const std::string& choice : choices_of(name)) offer(all, choice, "");
  return all;
}

/// The option that is typed, maybe abbreviated or with its value behind '='; null if there is none.
const argument_option* option_of(const command& c, const std::string& typed) {
  const std::string name = typed.substr(0, typed.find('='));
  const argument_option* found = nullptr;
  for (const argument_option& o : c.options) {
    for (const std::string& n : o.names) {
      if (n == name) return &o;
      if (name.starts_with("--") && n.starts_with(name)) found = &o;
    }
  }
  return found;
}

/// Whether `next`, the word behind, is its value.
bool takes_next(const argument_option* o, const std::string& typed, const std::string& next) {
  if (o == nullptr || o->value.empty() || typed.find('=') != typed.npos) return false;
  return o->value.front() != '[' || (!next.empty() && next.front() >= '0' && next.front() <= '9');
}

lines options_of(const command& c) {
  lines all;
  for (const argument_option& o : c.options) {
    if (o.group.empty()) continue;
    for (const std::string& name : o.names) offer(all, name, o.help);
  }
  return all;
}

lines words_of(const command& c, std::size_t place) {
  lines all;
  for (const command& below : c.commands) {
    if (!below.about.empty()) offer(all, std::string(last_name(below)), below.about);
  }
  if (c.words.empty() || (place >= c.words.size() && !is_repeated(c.words.back().name))) return all;
  const std::size_t last = c.words.size() - 1;
  return values_of(c.words[std::min(place, last)].name, place > last ? place - last : 0);
}

/// Where the word that is typed stands.
struct position {
  const command* reached;                 ///< null: behind a command that there is not
  std::size_t place = 0;                  ///< how many words of the command came before
  std::size_t first = 0;                  ///< which word its first is, or will be
  const argument_option* open = nullptr;  ///< whose value it is
  bool ended = false;                     ///< "--" came before
};

const command* below(const command& c, std::string_view name) {
  const auto found = std::ranges::find(c.commands, name, last_name);
  return found == c.commands.end() ? nullptr : &*found;
}

position last_of(const lines& words, const command& acre) {
  position at{&acre};
  for (std::size_t i = 0; i + 1 < words.size() && at.reached != nullptr; ++i) {
    const std::string& word = words[i];
    if (at.open != nullptr) {
      at.open = nullptr;
    } else if (!at.ended && word == "--") {
      at.ended = true;
    } else if (!at.ended && word.size() > 1 && word.starts_with('-')) {
      const argument_option* const o = option_of(*at.reached, word);
      if (takes_next(o, word, words[i + 1])) at.open = o;
    } else if (!at.reached->commands.empty()) {
      at.reached = below(*at.reached, word);
    } else {
      if (at.place++ == 0) at.first = i;
      if (runs_another(*at.reached)) return at;
    }
  }
  if (at.place == 0) at.first = words.size() - 1;
  return at;
}

/// "--bind=0" and so on.
lines values_behind(const std::string& typed, const command& c) {
  const argument_option* const o = option_of(c, typed);
  if (o == nullptr) return {};
  lines all = values_of(o->value, 0);
  for (std::string& line : all) {
    if (!line.starts_with('\t')) line.insert(0, typed, 0, typed.find('=') + 1);
  }
  return all;
}

}  // namespace

std::vector<std::string> candidates(const command& acre, const std::vector<std::string>& words) {
  const position at = last_of(words, acre);
  if (at.reached == nullptr) return {};
  const command& c = *at.reached;
  const std::string& typed = words.back();
  if (at.open != nullptr) return values_of(at.open->value, 0);
  const bool option = !at.ended && (at.place == 0 || !runs_another(c)) && typed.starts_with('-');
  if (option) return typed.find('=') == typed.npos ? options_of(c) : values_behind(typed, c);
  if (runs_another(c)) return {fmt::format("\tcommand {}", at.first)};
  lines all = words_of(c, at.place);
  return all.empty() && !at.ended ? options_of(c) : all;
}

}  // namespace acre_cli
