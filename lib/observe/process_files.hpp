// The files of /proc/PID, with errors that name the process and what would be needed.
#pragma once

#include <string>

namespace acre {

/// \throws error errc::no_such_process, errc::permission_denied, errc::binding_unsupported (numa_maps)
std::string read_process_file(int pid, const char* name);

/// \throws error for a pid that is below 0 or that nobody has
void require_process(int pid);

}  // namespace acre
