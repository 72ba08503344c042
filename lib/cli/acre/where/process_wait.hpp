// process_wait: waits for the next look at a process, its end, or a signal.
#pragma once

#include <chrono>
#include <csignal>
#include <functional>

namespace acre_cli {

enum class wake { time_is_over, process_ended, signal };

/// Who gets the signals that end or stop a program, and the one of a resized terminal.
enum class signals {
  as_ever,  ///< whoever got them before
  waiting,  ///< wait(): they are blocked otherwise, as long as this object lives
};

/// \safety one at a time; signals::waiting only while there is one thread
class process_wait {
 public:
  process_wait(int pid, signals who);
  ~process_wait();
  process_wait(const process_wait&) = delete;
  process_wait& operator=(const process_wait&) = delete;

  wake wait(std::chrono::duration<double> time);
  /// Signals reach the program as ever while `act` runs.
  void with_signals(const std::function<void()>& act);
  /// The last one that wait() returned for.
  int signal() const noexcept { return x_signal; }

 private:
  int x_process = -1;
  int x_signals = -1;
  int x_signal = 0;
  bool x_ended = false;
  sigset_t x_before{};
};

}  // namespace acre_cli
