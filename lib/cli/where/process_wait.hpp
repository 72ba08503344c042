// process_wait: waits for the next look at a process, its end, a signal, or the key that ends the watching.
#pragma once

#include <chrono>
#include <csignal>
#include <functional>

namespace acre_cli {

enum class wake { time_is_over, process_ended, signal, quit_key };

/// Who gets the keys of the terminal, the signals that end or stop a program, and the one of a resized terminal.
enum class events {
  as_ever,     ///< whoever got them before
  waited_for,  ///< wait(): the signals are blocked otherwise, as long as this object lives
};

/// \safety one at a time; events::waited_for only while there is one thread
class process_wait {
 public:
  process_wait(int pid, events who);
  ~process_wait();
  process_wait(const process_wait&) = delete;
  process_wait& operator=(const process_wait&) = delete;

  wake wait(std::chrono::duration<double> time);
  /// While `act` runs signals do what they did before this object was made.
  void with_signals(const std::function<void()>& act);
  /// The last one that wait() returned for.
  int signal() const noexcept { return x_signal; }

 private:
  bool read_quit_key();

  int x_process = -1;
  int x_signals = -1;
  int x_keys = -1;
  int x_signal = 0;
  bool x_ended = false;
  sigset_t x_before{};
};

}  // namespace acre_cli
