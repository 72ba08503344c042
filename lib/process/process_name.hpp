// process_name: which processes have a name, and how they were called.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace acre::inline v1 {

/// The processes, but for this one, that have the name of a program as ps(1) and top(1) show it: /proc/PID/comm, or the
/// last part of the program's path. A name that the kernel has cut is completed by the command line, which all may
/// read. Where no program has the name: the processes whose first argument that is no option ends in it, as
/// interpreters are told their scripts (`python3 -u /srv/eat.py`). Zombies are left out where others have the name.
/// \returns their numbers, in order
std::vector<int> processes_named(std::string_view name);

/// The names by which processes_named() finds the processes, but for this one, kernel threads and zombies: of each the
/// name that ps(1) shows, and that of a file that is its first argument.
std::map<std::string, std::vector<int>> process_names();

/// The command line of a process on one line, or its name in brackets; "?" if it is gone.
std::string command_line_of(int pid);

}  // namespace acre::inline v1
