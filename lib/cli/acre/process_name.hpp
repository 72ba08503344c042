// process_name: which process a user means.
#pragma once

#include <string>
#include <string_view>

namespace acre_cli {

/// A PID, or the name of a program as ps(1) and top(1) have it: /proc/PID/comm, or the last part of the program's path.
/// A name that the kernel has cut is completed by the command line, which all may read. Zombies count only where no
/// other process has the name.
/// \throws input_error where there is no such process, or where several have the name: it lists them
int find_process(std::string_view text);

/// The command line of a process for a headline, or its name in brackets; "?" if it is gone.
std::string command_line_of(int pid);

}  // namespace acre_cli
