// What /proc tells of a process.
#pragma once

#include <string>

namespace acre::sys {

int process_number() noexcept;
/// Of the calling thread; the process's for its first one.
int thread_number() noexcept;

/// The whole text of /proc/<pid>/<name>. 0 or errno: ENOENT, ESRCH: there is no such process (any more), or
/// no such file; EACCES, EPERM: not for this process to see.
int read_process_file(int pid, const char* name, std::string& text);
/// Whether /proc shows the process, or the thread, at all.
bool has_process(int pid) noexcept;

}  // namespace acre::sys
