// command_process: a command, in place of this process or as its child.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

namespace acre_cli {

/// \returns only if the command cannot be started: why, as an errno value
int exec_command(const std::vector<std::string>& command);

/// Says so on stderr. \returns run_not_found or run_not_started
int not_started(const std::vector<std::string>& command, int error);

struct command_end {
  int status = 0;  ///< as the shell has it: 128 + N for signal N
  int signal = 0;  ///< that ended it, or 0
  rusage used{};
};

/// Ends this process by `signal`, without a core of its own. Returns where that does not end it.
void end_by(int signal);

/// A child that runs a command, waited for as time(1) does: SIGINT and SIGQUIT, which a terminal sends to both, are
/// ignored here while this exists, and are the command's alone. One at a time.
class command_process {
 public:
  /// The child has the caller's signals, policies and CPUs.
  /// \throws std::system_error
  explicit command_process(const std::vector<std::string>& command);
  command_process(const command_process&) = delete;
  command_process& operator=(const command_process&) = delete;
  ~command_process();

  pid_t pid() const { return x_pid; }
  /// An errno value where the command could not be started; 0 if it was.
  int start_error() const { return x_start_error; }
  /// \returns its end, or nothing after `time` or earlier
  std::optional<command_end> wait(std::chrono::nanoseconds time);

 private:
  void restore_signals() const;

  pid_t x_pid = -1;
  int x_start_error = 0;
  sigset_t x_mask_before{};
  struct sigaction x_before[3]{};  // of the signals that are changed
};

}  // namespace acre_cli
