#include "cli/command.hpp"
#include "cli/input_error.hpp"
#include "cli/message.hpp"
#include "cli/move/move_report.hpp"
#include "cli/process_name.hpp"
#include "cli/terminal.hpp"
#include "cli/text.hpp"
#include "cli/where/where_report.hpp"

#include <acre/move_process.hpp>
#include <acre/topology.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace acre_cli {
namespace {

struct move_arguments {
  std::string process;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::string> from_word;  // as migratepages(8) has them
  std::optional<std::string> to_word;
  bool json = false;
};

/// With a line on a terminal that is overwritten by the next, and gone in the end.
acre::process_migration moved(int pid, const acre::node_set& from, const acre::node_set& to) {
  // Without progress the kernel is asked once, and nobody looks on.
  if (!stderr_has_cursor()) return acre::move_process(pid, from, to);
  struct cleared_line {
    ~cleared_line() { say("\r\033[K"); }
  } const in_the_end{};
  const auto show = [](const std::string& line) { say("\r\033[K" + line); };
  const text_style style = style_of_stderr();
  const std::size_t width = size_of_stderr().columns - 1;
  show(cut_lines(fmt::format("moving the pages of process {} ...", pid), width));
  acre::move_options options;
  options.progress = [&](const acre::process_move& now, std::size_t number, std::size_t count) {
    show(progress_line(now, number, count, width, style));
  };
  return acre::move_process(pid, from, to, options);
}

/// \param argument that `text` was given for
acre::node_set nodes_of(std::string_view argument, const std::string& text, const acre::node_set& all) {
  const acre::node_set nodes = text.empty() ? acre::node_set() : acre::node_set::parse(text, all);
  if (nodes.empty())
    throw input_error(fmt::format("move: {} '{}' names no node, such as 0 or all", argument, text));
  return nodes;
}

int move(const move_arguments& c) {
  const bool in_words = c.from_word && c.to_word && !c.from && !c.to;
  if (!in_words && !(c.from && c.to && !c.from_word))
    throw input_error("move: say from where and where to, either PROCESS FROM TO or --from NODES --to NODES");
  // "all" of the nodes to be left: pages may lie on nodes that this process may not use.
  const acre::topology& machine = acre::topology::system();
  const acre::node_set from =
      nodes_of(in_words ? "FROM" : "--from", in_words ? *c.from_word : *c.from, machine.memory_nodes());
  const acre::node_set to =
      nodes_of(in_words ? "TO" : "--to", in_words ? *c.to_word : *c.to, machine.default_nodes());
  const int pid = find_process(c.process);
  if (const auto state = state_of(pid); state != process_state::has_memory)
    throw input_error(fmt::format("move: process {}: {}", pid, explanation(state)));
  const acre::process_migration result = moved(pid, from, to);
  if (c.json) {
    fmt::print("{}\n", move_json(result).dump(2));
  } else {
    fmt::print("{}", move_summary(result, line_length_of_stdout()));
  }
  return all_moved(result) ? done : failed;
}

}  // namespace

command move_command() {
  const auto o = std::make_shared<move_arguments>();
  return {
      .name = "acre move",
      .about = "Moves the pages of a process to other nodes.",
      .words = {{"PROCESS", "its number, or the name of its program", into(o->process)},
                {"[FROM]", "instead of --from", into(o->from_word)},
                {"[TO]", "instead of --to", into(o->to_word)}},
      .options = {{{"--from"}, "NODES", "nodes whose pages are moved", into(o->from)},
                  {{"--to"}, "NODES", "where they go: the first to the first, and so on", into(o->to)},
                  {{"--json"}, "", "write JSON", into(o->json)}},
      .notes =
          {"Contents and policies stay; what is touched later lies as the process's policies say.",
           "Nodes are sets: 0-3,8, all, !1, +0-1. Where --to has fewer it begins again.",
           "Exit status: 0 all pages moved, but for those of mappings that other processes share "
           "(libraries); 1 others stayed, too, or it could not be done; 2 bad arguments, no such process."},
      .act = [o] { return move(*o); }};
}

}  // namespace acre_cli
