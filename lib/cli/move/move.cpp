#include "cli/command.hpp"
#include "cli/input_error.hpp"
#include "cli/message.hpp"
#include "cli/move/move_report.hpp"
#include "cli/process_name.hpp"
#include "cli/terminal.hpp"
#include "cli/text.hpp"

#include <acre/move_process.hpp>
#include <acre/topology.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace acre_cli {
namespace {

struct move_arguments {
  std::string process;
  std::string from;
  std::string to;
  std::string from_position;  // as migratepages(8) has them
  std::string to_position;
  bool json = false;
};

/// A line that is overwritten by the next, and gone in the end.
class progress_display {
 public:
  progress_display() : x_shown(stderr_has_cursor()) {}
  progress_display(const progress_display&) = delete;
  progress_display& operator=(const progress_display&) = delete;
  ~progress_display() { show(""); }

  bool is_shown() const { return x_shown; }
  void show(const std::string& line) const {
    if (x_shown) say("\r\033[K" + line);
  }

 private:
  bool x_shown;
};

acre::process_migration moved(int pid, const acre::node_set& from, const acre::node_set& to) {
  const progress_display display;
  const text_style style = style_of_stderr();
  const std::size_t width = size_of_stderr().columns - 1;
  display.show(cut_lines(fmt::format("moving the pages of process {} ...", pid), width));
  acre::move_options options;
  // Without it the kernel is asked once, and nobody looks on.
  if (!display.is_shown()) return acre::move_process(pid, from, to);
  options.progress = [&](const acre::process_move& now, std::size_t number, std::size_t count) {
    display.show(progress_line(now, number, count, width, style));
  };
  return acre::move_process(pid, from, to, options);
}

/// Both from the options, or both from the positions.
void take_positions(move_arguments& c) {
  if (c.from_position.empty()) {
    if (c.from.empty() || c.to.empty())
      throw input_error("move: say from where and where to: --from 0 --to 1");
    return;
  }
  if (c.to_position.empty() || !c.from.empty() || !c.to.empty())
    throw input_error("move: either --from NODES --to NODES, or PROCESS FROM TO");
  c.from = c.from_position;
  c.to = c.to_position;
}

/// \param option that `text` was given for
acre::node_set nodes_of(const char* option, const std::string& text, const acre::node_set& all) {
  acre::node_set nodes = acre::node_set::parse(text, all);
  if (nodes.empty())
    throw input_error(fmt::format("move: {} '{}' names no node, such as 0 or all", option, text));
  return nodes;
}

int move(move_arguments c) {
  take_positions(c);
  // "all" of the nodes to be left: pages may lie on nodes that this process may not use.
  const acre::topology& machine = acre::topology::system();
  const acre::node_set from = nodes_of("--from", c.from, machine.memory_nodes());
  const acre::node_set to = nodes_of("--to", c.to, machine.default_nodes());
  const acre::process_migration result = moved(find_process(c.process), from, to);
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
                {"[FROM]", "instead of --from", into(o->from_position)},
                {"[TO]", "instead of --to", into(o->to_position)}},
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
