#include "process/process_smaps.hpp"

#include <string>

#include "sys/processes.hpp"

namespace acre::inline v1 {

process_smaps smaps_of(int pid) {
  process_smaps found;
  // Of a first thread that has ended alone the file is empty, and those of the others have all.
  for (const int thread : sys::threads_of(pid)) {
    std::string text;
    const std::string file = "task/" + std::to_string(thread) + "/smaps";
    if (sys::read_process_file(pid, file.c_str(), text) != 0) continue;
    for (const smaps_entry& entry : sys::parse_smaps(text)) found.emplace(entry.begin, entry);
    if (!found.empty()) break;
  }
  return found;
}

}  // namespace acre::inline v1
