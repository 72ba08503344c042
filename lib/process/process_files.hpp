// The files of /proc/PID, with errors that name the process and what would be needed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sys/processes.hpp"

namespace acre::inline v1 {

using sys::open_process;
using sys::proc_has_own_numbers;
using sys::process_stat;
using sys::stat_of;

/// \param pid 0: this process
/// \throws error errc::no_such_process, errc::permission_denied, errc::binding_unsupported (numa_maps, no /proc)
std::string read_process_file(int pid, const char* name);

/// As read_process_file() of one of its threads. The first thread of a process may have ended alone, as
/// pthread_exit(3) in main() does: then /proc/PID has no memory, and the others' files have.
/// \returns nothing if the thread has ended
/// \throws error as read_process_file()
std::optional<std::string> read_thread_file(int pid, int thread, const char* name);

/// \throws error for a pid that is below 0, that nobody has, or that /proc hides
void require_process(int pid);

/// For whatever does more than read: the process of this number in /proc must be the one of system calls.
/// \throws error errc::binding_unsupported; as require_process()
void require_own_numbers(int pid);

/// The process, and all that it and its children have started; itself alone where the kernel lists no children
/// (CONFIG_PROC_CHILDREN).
std::vector<int> process_tree(int pid);

}  // namespace acre::inline v1
