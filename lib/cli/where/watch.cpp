#include "cli/where/watch.hpp"

#include "cli/command.hpp"
#include "cli/message.hpp"
#include "cli/where/full_screen.hpp"
#include "cli/where/process_wait.hpp"
#include "process/process_files.hpp"

#include <acre/error.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>

namespace acre_cli {
namespace {

std::optional<std::uint64_t> start_of(int pid) {
  const auto stat = acre::stat_of(pid);
  return stat ? std::optional(stat->start) : std::nullopt;
}

class watcher {
 public:
  watcher(int pid, watch_output output, const std::function<std::string(const where_report&)>& render)
      : x_pid(pid),
        x_output(output),
        x_render(render),
        x_start(start_of(pid)),
        x_wait(pid, output == watch_output::screen ? events::waited_for : events::as_ever) {}

  /// \returns why it ended: signal, process_ended, or quit_key
  wake run(std::chrono::duration<double> period) {
    // A process that cannot be looked at must not touch the terminal.
    where_report report = look_at(x_pid);
    for (;;) {
      if (may_show()) show(report);
      if (report.state != process_state::has_memory) return wake::process_ended;
      switch (const wake why = x_wait.wait(period)) {
        case wake::process_ended:
        case wake::quit_key:
          return why;
        case wake::signal:
          if (!goes_on_after(x_wait.signal())) return why;
          break;
        case wake::time_is_over:
          break;
      }
      auto next = look_again();
      if (!next) return wake::process_ended;
      report = std::move(*next);
    }
  }

  int signal() const { return x_wait.signal(); }
  process_state shown_state() const { return x_shown_state; }

 private:
  bool goes_on_after(int signal) {
    if (signal == SIGWINCH) return true;
    if (signal != SIGTSTP) return false;
    x_screen.leave();
    ::raise(SIGSTOP);
    return true;
  }

  /// False where the shell keeps the terminal, and stopping does not help: SIGTTOU is ignored.
  bool may_show() {
    if (x_output != watch_output::screen || in_foreground()) return true;
    x_screen.leave();
    x_wait.with_signals(wait_for_foreground);
    return in_foreground();
  }

  /// Nothing: it is gone. Another may have its number.
  std::optional<where_report> look_again() const {
    try {
      where_report report = look_at(x_pid);
      if (report.state != process_state::has_memory || start_of(x_pid) != x_start) return std::nullopt;
      return report;
    } catch (const acre::error& e) {
      if (e.code() == acre::errc::no_such_process) return std::nullopt;
      throw;
    }
  }

  void show(const where_report& report) {
    x_shown_state = report.state;
    const std::string text = x_render(report);
    if (x_output == watch_output::screen) {
      x_screen.enter();
      return x_screen.show(text);
    }
    if (x_output == watch_output::blocks) {
      const std::time_t time = std::chrono::system_clock::to_time_t(report.time);
      fmt::print("{}{:%Y-%m-%d %H:%M:%S}\n", x_blocks++ == 0 ? "" : "\n", fmt::localtime(time));
    }
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0) throw std::runtime_error("cannot write to the standard output");
  }

  int x_pid;
  watch_output x_output;
  const std::function<std::string(const where_report&)>& x_render;
  std::optional<std::uint64_t> x_start;
  process_wait x_wait;
  full_screen x_screen;  // after x_wait: a signal that it has held back must find the terminal given back
  std::size_t x_blocks = 0;
  process_state x_shown_state = process_state::has_memory;
};

}  // namespace

int watch(int pid, std::chrono::duration<double> period, watch_output output,
          const std::function<std::string(const where_report&)>& render) {
  wake why{};
  int signal = 0;
  std::string_view never_had_memory;
  {
    watcher w(pid, output, render);
    why = w.run(period);
    signal = w.signal();
    never_had_memory = explanation(w.shown_state());
  }
  if (why == wake::quit_key) return done;
  // Shells tell by the way a program ends whether the user interrupted it.
  if (why == wake::signal) {
    ::raise(signal);
    return 128 + signal;
  }
  if (never_had_memory.empty()) {
    const std::string ended = fmt::format("process {} has ended\n", pid);
    output == watch_output::lines ? say(ended) : fmt::print("{}", ended);
  } else if (output == watch_output::screen) {
    fmt::print("process {}: {}\n", pid, never_had_memory);
  }
  return done;
}

}  // namespace acre_cli
