// group_witness: tells signals to this process from signals to its process group. kill(2) leaves no trace of
// which it was; a second process of the group that blocks all signals has those pending that went to all.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace acre_cli {

/// The second process: without files, arguments, or a name that others look for, and ended with this one.
/// Without /proc, or where there is no room for a process, there is none, and every signal is this process's.
class group_witness {
 public:
  group_witness() { start(); }
  group_witness(const group_witness&) = delete;
  group_witness& operator=(const group_witness&) = delete;
  ~group_witness() { end(); }

  /// Whether a signal that this process got went to its group. Each is told once.
  bool got(int signal);

 private:
  void start();
  void end();

  pid_t x_pid = -1;
  std::uint64_t x_got = 0;  ///< and not yet told; bit 0 is signal 1
};

}  // namespace acre_cli
