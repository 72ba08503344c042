#include "cli/command.hpp"
#include "cli/input_error.hpp"
#include "cli/message.hpp"
#include "cli/run/command_process.hpp"
#include "cli/run/cpu_binding.hpp"
#include "cli/run/memory_report.hpp"
#include "cli/run/memory_watch.hpp"
#include "cli/run/placement_options.hpp"
#include "cli/run/system_weights.hpp"

#include <acre/thread_binding.hpp>
#include <acre/topology.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <optional>

namespace acre_cli {
namespace {

struct run_options {
  placement_options where;
  bool report = false;
  std::vector<std::string> command;
};

/// What a child inherits, and exec keeps.
struct bindings {
  std::optional<cpu_binding> cpus;
  std::optional<acre::thread_binding> memory;
};

void bind(const placement_options& options, bindings& bound) {
  if (options.empty()) return;
  const acre::topology& machine = acre::topology::system();
  const auto where = placement_of(options, machine, system_weights_directory);
  const auto cpus = cpus_of(options, machine, bound_cpus());
  if (cpus) bound.cpus.emplace(*cpus);
  if (!where) return;
  bound.memory.emplace(*where, machine);
  for (const auto& less : bound.memory->downgrades()) complain("note: " + less.text);
}

command_end waited_for(command_process& child, memory_watch& watch) {
  std::optional<command_end> end;
  while (!end) {
    if (child.start_error() == 0 && watch.due() <= watch_clock::duration::zero()) watch.look();
    end = child.wait(watch.due());
  }
  return *end;
}

int watched(const std::vector<std::string>& command, bindings& bound) {
  command_end end;
  {
    command_process child(command);
    bound.memory.reset();
    bound.cpus.reset();
    memory_watch watch(child.pid());
    end = waited_for(child, watch);
    if (child.start_error() != 0) return not_started(command, child.start_error());
    say(memory_report(command.front(), watch, end, size_of_stderr().columns, style_of_stderr()));
  }
  if (end.signal != 0) end_by(end.signal);  // or a shell's loop would go on after ^C
  return end.status;
}

int run(const run_options& options) {
  if (options.command.front().empty()) throw input_error("run: the command has no name");
  bindings bound;
  bind(options.where, bound);
  if (options.report) return watched(options.command, bound);
  return not_started(options.command, exec_command(options.command));
}

}  // namespace

command run_command() {
  const auto options = std::make_shared<run_options>();
  command c{
      .name = "acre run",
      .about = "Runs a command with its memory placed.",
      .words = {{"COMMAND...", "what to run, with its arguments; after -- if it begins with -",
                 into(options->command)}},
      .options = placement_options_of(options->where),
      .notes =
          {"acre becomes the command, which keeps its PID and its parent; with --report it is the parent.",
           "Threads and processes that the command starts inherit the placement. Nodes: 0-3,8, all, !1, "
           "+0-1.",
           "Exit status: the command's, and signal N if that ended it: 128 + N for shells; 127 no such "
           "command, 126 it cannot be run, 125 bad arguments, or the system would not have it."},
      .act = [options] { return acre_cli::run(*options); },
      .failure = run_failed};
  c.options.push_back(
      {{"--report"}, "", "say on stderr, when it has ended, where its memory was", into(options->report)});
  return c;
}

}  // namespace acre_cli
