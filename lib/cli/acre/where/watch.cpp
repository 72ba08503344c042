#include "cli/acre/where/watch.hpp"

#include "cli/acre/command.hpp"
#include "cli/acre/where/full_screen.hpp"
#include "cli/acre/where/process_wait.hpp"

#include <acre/error.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>

namespace acre_cli {
namespace {

class watcher {
 public:
  watcher(int pid, watch_output output, const std::function<std::string(const where_report&)>& render)
      : x_pid(pid), x_output(output), x_render(render) {}

  /// \returns the signal that ended it; 0: the process ended
  int run(std::chrono::duration<double> period) {
    // A process that cannot be looked at must not touch the terminal.
    where_report report = look_at(x_pid);
    const bool on_screen = x_output == watch_output::screen;
    process_wait wait(x_pid, on_screen ? signals::waiting : signals::as_ever);
    if (on_screen) x_screen.emplace();
    for (;;) {
      show(report);
      if (report.state != process_state::has_memory) return 0;
      switch (wait.wait(period)) {
        case wake::process_ended:
          return 0;
        case wake::signal:
          if (!goes_on_after(wait.signal())) return wait.signal();
          break;
        case wake::time_is_over:
          break;
      }
      auto next = look_again();
      if (!next) return 0;
      report = std::move(*next);
    }
  }

  process_state shown_state() const { return x_shown_state; }

 private:
  bool goes_on_after(int signal) {
    if (signal == SIGWINCH) return true;
    if (signal != SIGTSTP) return false;
    x_screen->leave();
    ::raise(SIGSTOP);
    x_screen->enter();
    return true;
  }

  // Nothing: it is gone.
  std::optional<where_report> look_again() const {
    try {
      where_report report = look_at(x_pid);
      if (report.state != process_state::has_memory) return std::nullopt;
      return report;
    } catch (const acre::error& e) {
      if (e.code() == acre::errc::no_such_process) return std::nullopt;
      throw;
    }
  }

  void show(const where_report& report) {
    x_shown_state = report.state;
    const std::string text = x_render(report);
    if (x_screen) return x_screen->show(text);
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
  std::optional<full_screen> x_screen;
  std::size_t x_blocks = 0;
  process_state x_shown_state = process_state::has_memory;
};

}  // namespace

int watch(int pid, std::chrono::duration<double> period, watch_output output,
          const std::function<std::string(const where_report&)>& render) {
  int signal = 0;
  std::string_view never_had_memory;
  {
    watcher w(pid, output, render);
    signal = w.run(period);
    never_had_memory = explanation(w.shown_state());
  }
  // Shells tell by the way a program ends whether the user interrupted it.
  if (signal != 0) {
    ::raise(signal);
    return 128 + signal;
  }
  std::FILE* const out = output == watch_output::lines ? stderr : stdout;
  if (never_had_memory.empty()) {
    fmt::print(out, "process {} has ended\n", pid);
  } else if (output == watch_output::screen) {
    fmt::print(out, "process {}: {}\n", pid, never_had_memory);
  }
  return done;
}

}  // namespace acre_cli
