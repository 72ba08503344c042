// command: `acre` and its commands, and how it ends.
#pragma once

#include "cli/arguments.hpp"

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

command nodes_command();
command where_command();
command run_command();
command move_command();
command shm_command();
command doctor_command();
/// Writes the script by which a shell completes acre's arguments.
command completion_command();
/// What that script asks.
command candidates_command();

/// `acre` with all of them.
command acre_command();

/// Takes HWLOC_HIDE_ERRORS out of the environment again, if run_acre() set it, for commands of `acre run`.
void restore_hwloc_errors();

/// Reads the arguments, acts, and turns exceptions into a line on stderr.
/// \returns the exit status
int run_acre(int argc, char** argv);

}  // namespace acre_cli
