// command: the arguments of `acre`, its commands, and how it ends.
#pragma once

#include <functional>
#include <memory>

namespace CLI {
class App;
}

namespace acre_cli {

/// How acre ends. `acre run` ends as its command, by a signal, too.
enum exit_status : int {
  done = 0,
  failed = 1,     ///< the system would not have it; doctor: placement does not work here; move: pages stayed
  bad_input = 2,  ///< arguments, or what they name
  run_failed = 125,       ///< acre run: acre itself, before the command was started (as env(1), nohup(1))
  run_not_started = 126,  ///< acre run: the command is there and cannot be started
  run_not_found = 127,    ///< acre run: no such command
};

/// What a command does once its arguments are read. \returns an exit_status
using action = std::function<int()>;

/// Each adds its command to `acre`; being chosen, it sets `chosen`.
void add_nodes(CLI::App& acre, action& chosen);
void add_where(CLI::App& acre, action& chosen);
void add_run(CLI::App& acre, action& chosen);
void add_move(CLI::App& acre, action& chosen);
void add_shm(CLI::App& acre, action& chosen);
void add_doctor(CLI::App& acre, action& chosen);
/// Writes the completion script for a shell, made from the commands and options that `acre` has.
void add_completion(CLI::App& acre, action& chosen);

/// `acre` with all commands.
std::unique_ptr<CLI::App> make_app(action& chosen);

/// Reads the arguments, acts, and turns exceptions into a line on stderr.
/// \returns the exit status
int run_command(int argc, char** argv);

}  // namespace acre_cli
