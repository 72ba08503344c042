#include "cli/completion/candidates.hpp"

#include "cli/printable.hpp"
#include "cli/text.hpp"
#include "placement/strategies.hpp"
#include "process/process_name.hpp"

#include <acre/bytes.hpp>
#include <acre/shared_segment.hpp>
#include <acre/topology.hpp>

#include <sys/shm.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>

namespace acre_cli {
namespace {

namespace fs = std::filesystem;
using lines = std::vector<std::string>;

/// Stands for what is being typed.
constexpr const char* here = "\x01";

/// What the reader of arguments makes of the words.
struct reading {
  std::string here_is;     ///< "NODES", "[SEGMENT]": as in the table of arguments; empty: nothing
  bool of_option = false;  ///< an option's value
  std::size_t place = 0;   ///< how many came before of what is repeated
  std::map<std::string, std::string> given = {};  ///< options with their values
};

/// \param option that the value is of; empty: it is a word
taker noting(reading& r, std::string& value, const std::string& option = "") {
  const taker note = [&r, value, option, place = std::size_t{0}](const std::string& text) mutable {
    if (!option.empty()) r.given[option] = text;
    if (text == here) {
      r.here_is = value;
      r.of_option = !option.empty();
      r.place = place;
    }
    ++place;
  };
  if (!choices_of(value).empty()) value.insert(0, " ");  // or else the reader would take nothing but those
  return note;
}

/// Whatever the command is given is noted, and has no effect.
void note_all(command& c, reading& r) {
  for (command& below : c.commands) note_all(below, r);
  for (argument_word& word : c.words) word.take = noting(r, word.name);
  for (argument_option& o : c.options) o.take = noting(r, o.value, o.names.back());
}

void offer(lines& all, const std::string& word, const std::string& about) {
  // A line is one word. What moves the cursor of a terminal is not to be typed by its name.
  if (word.empty() || std::ranges::any_of(word, [](unsigned char c) { return c < ' ' || c == 0x7f; })) return;
  all.push_back(about.empty() ? word : word + '\t' + printable(about));
}

void offer_nodes(lines& all) {
  const acre::topology& machine = acre::topology::system();
  offer(all, "all", "nodes");
  for (const acre::node_id node : machine.nodes()) {
    const std::string cpus = format_cpus(machine.cpus(node));
    offer(all, std::to_string(node), cpus.empty() ? "no CPUs" : "CPUs " + cpus);
  }
}

void offer_processes(lines& all) {
  std::set<int> numbers;
  for (const auto& [name, processes] : acre::process_names()) {
    const bool is_one = processes.size() == 1;
    offer(all, name,
          is_one ? fmt::format("process {}", processes.front())
                 : fmt::format("{} processes", processes.size()));
    numbers.insert(processes.begin(), processes.end());
  }
  for (const int process : numbers) offer(all, std::to_string(process), acre::command_line_of(process));
}

/// Files, or ids or keys of System V; only what acre made, or with --foreign all.
void offer_segments(lines& all, const reading& r, bool ids) {
  const bool foreign = r.given.contains("--foreign");
  const acre::attach_options how{.access = acre::access::read_only, .owner = acre::segment_owner::any};
  std::error_code ec;
  if (!ids && (!r.given.contains("--backend") || r.given.at("--backend") == "posix")) {
    for (const auto& file : fs::directory_iterator("/dev/shm", ec)) {
      const std::string name = file.path().filename().string();
      if (file.symlink_status(ec).type() != fs::file_type::regular) continue;
      if (foreign || acre::shared_segment::open(name, how, ec)) offer(all, name, "");
    }
    return;
  }
  shmid_ds s;
  for (int index = ::shmctl(0, IPC_INFO, &s); index >= 0; --index) {
    const int id = ::shmctl(index, SHM_STAT, &s);
    if (id < 0 || !(foreign || acre::shared_segment::attach_id(id, how, ec))) continue;
    const std::string key = s.shm_perm.__key == 0 ? "" : fmt::format("{:#010x}", s.shm_perm.__key);
    offer(all, ids ? std::to_string(id) : key, acre::format_bytes_rounded(s.shm_segsz));
  }
}

/// \param c the command that it is an argument of
lines values_of(const reading& r, const command& c) {
  lines all;
  // With --id the place of the name has the first word of the placement.
  const bool by_id = r.given.contains("--id");
  const bool is_moved = by_id && r.here_is == "[SEGMENT]";
  const std::string_view kind = bare_name(is_moved ? c.words.back().name : r.here_is);
  const bool is_strategy = kind == "PLACEMENT" && r.place == 0 && is_moved == by_id;
  if (kind == "FILE") return {"\tfiles"};
  if (kind == "PROCESS") offer_processes(all);
  if (kind == "SEGMENT" && !by_id) offer_segments(all, r, false);
  if (kind == "ID") offer_segments(all, r, true);
  if (kind == "CPUS") {
    offer(all, "all", "CPUs");
    for (const unsigned cpu : acre::topology::system().cpus()) offer(all, std::to_string(cpu), "");
  }
  if (is_strategy)
    for (const std::string_view name : acre::detail::strategy_names()) offer(all, std::string(name), "");
  if (kind.starts_with("NODES") || kind == "FROM" || kind == "TO" || (kind == "PLACEMENT" && !is_strategy))
    offer_nodes(all);
  for (const std::string& choice : choices_of(r.here_is)) offer(all, choice, "");
  return all;
}

lines options_of(const command& c) {
  lines all;
  for (const argument_option& o : c.options) {
    if (o.group.empty()) continue;
    for (const std::string& name : o.names) offer(all, name, o.help);
  }
  return all;
}

/// \param program of which only the copy is changed
/// \returns the command that was reached; nothing where the words before are wrong
std::optional<command> read_words(command program, lines words, reading& r) {
  note_all(program, r);
  std::vector<char*> arguments{program.name.data()};
  for (std::string& word : words) arguments.push_back(word.data());
  const int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  const command* reached = &program;
  try {
    read_arguments(program, count, arguments.data(), reached);
  } catch (const input_error& e) {
    // It may be no right command, or one word too many.
    if (r.here_is.empty() && std::string_view(e.what()).find(here) == std::string_view::npos)
      reached = nullptr;
  }
  return reached == nullptr ? std::nullopt : std::optional(*reached);
}

}  // namespace

std::vector<std::string> candidates(const command& acre, const std::vector<std::string>& words) {
  const std::string& typed = words.back();
  const bool ended = std::find(words.begin(), words.end() - 1, "--") != words.end() - 1;
  const bool is_option = !ended && typed.starts_with('-');
  const std::string option = is_option ? typed.substr(0, typed.find('=') + 1) : "";  // "--bind="
  lines before = words;
  before.back() = option + here;
  reading r;
  const std::optional<command> c = read_words(acre, before, r);
  if (!c) return {};
  if (r.of_option) {
    lines all = values_of(r, *c);
    for (std::string& line : all) {
      if (!line.starts_with('\t')) line.insert(0, option);
    }
    return all;
  }
  const bool is_other = runs_another(*c);
  if (is_option && !(is_other && r.place > 0)) return options_of(*c);
  if (is_other) return {fmt::format("\tcommand {}", words.size() - 1 - r.place)};
  lines all;
  for (const command& below : c->commands) {
    if (!below.about.empty()) offer(all, std::string(last_name(below)), below.about);
  }
  lines values = values_of(r, *c);
  if (!ended) std::erase_if(values, [](const std::string& line) { return line.starts_with('-'); });
  all.insert(all.end(), values.begin(), values.end());
  return all.empty() && !ended ? options_of(*c) : all;
}

}  // namespace acre_cli
