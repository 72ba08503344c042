#include "cli/where/watch.hpp"

#include "cli/command.hpp"
#include "cli/message.hpp"
#include "process/process_files.hpp"

#include <acre/error.hpp>

#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace acre_cli {
namespace {

enum class wake { look_again, process_ended, quit_key, signal };

constexpr std::array signals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
volatile std::sig_atomic_t noted_signal = 0;
void note_signal(int signal) { noted_signal = signal; }

/// Whether this process may draw: the shell has put it into the foreground, or the terminal is not the one it
/// was started from.
bool in_foreground() noexcept {
  const pid_t foreground = ::tcgetpgrp(STDOUT_FILENO);
  return foreground < 0 || foreground == ::getpgrp();
}

/// Where a process is watched. On a terminal keys come as they are pressed, and signals that end or stop acre
/// only while it waits: what they do is done once the terminal has been given back.
/// \safety one at a time, and only while there is one thread
class watch_place {
 public:
  watch_place(int pid, watch_output output)
      : x_output(output),
        x_has_keys(::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0),
        x_process(acre::open_process(pid)) {
    sigemptyset(&x_signals);
    ::pthread_sigmask(SIG_BLOCK, nullptr, &x_mask_before);
    if (!draws() && !x_has_keys) return;
    for (const int s : signals) {
      struct sigaction action {};
      // What nohup(1) or a shell's `&` has turned off stays so.
      if (::sigaction(s, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) continue;
      action.sa_handler = note_signal;
      ::sigaction(s, &action, nullptr);
      sigaddset(&x_signals, s);
    }
    ::pthread_sigmask(SIG_BLOCK, &x_signals, nullptr);
  }
  watch_place(const watch_place&) = delete;
  watch_place& operator=(const watch_place&) = delete;
  ~watch_place() {
    leave();
    for (const int s : signals)
      if (sigismember(&x_signals, s) == 1) ::signal(s, SIG_DFL);
    ::pthread_sigmask(SIG_SETMASK, &x_mask_before, nullptr);
    if (x_process >= 0) ::close(x_process);
  }

  void show(const std::string& text) {
    // Where SIGTTOU is ignored waiting does not help: the terminal stays the shell's.
    if (draws() && !in_foreground()) wait_for_foreground();
    if (draws() && !in_foreground()) return;
    enter();
    fmt::print("{}", draws() ? frame_of(text) : text);
    if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write to the standard output");
  }

  wake wait(std::chrono::duration<double> time) {
    using clock = std::chrono::steady_clock;
    const auto end = clock::now() + std::chrono::duration_cast<clock::duration>(time);
    while (noted_signal == 0) {
      const std::chrono::nanoseconds left = end - clock::now();
      if (left.count() <= 0) return wake::look_again;
      // What is typed while this is in the background is the shell's.
      const int keys = x_entered && x_has_keys && in_foreground() ? STDIN_FILENO : -1;
      // Without a file of the process its end is noticed at the next look.
      std::array<pollfd, 2> files = {{{x_process, POLLIN, 0}, {keys, POLLIN, 0}}};
      const timespec timeout = {left.count() / 1'000'000'000, left.count() % 1'000'000'000};
      const int ready = ::ppoll(files.data(), files.size(), &timeout, &x_mask_before);
      if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::system_category(), "ppoll");
      if (ready <= 0) continue;
      if (files[0].revents != 0) return wake::process_ended;
      if (files[1].revents != 0 && read_quit_key()) return wake::quit_key;
    }
    const int signal = noted_signal;
    if (signal != SIGTSTP && signal != SIGWINCH) return wake::signal;
    noted_signal = 0;
    if (signal == SIGTSTP) {
      leave();
      ::raise(SIGSTOP);
    }
    return wake::look_again;
  }

 private:
  bool draws() const { return x_output == watch_output::screen; }

  static void put(const char* text) {
    std::fputs(text, stdout);
    std::fflush(stdout);
  }

  // Names may be wider than counted: without wrapping (?7) they still take one line.
  void enter() {
    if (x_entered || !in_foreground()) return;
    x_entered = true;
    termios keys{};
    if (x_has_keys && ::tcgetattr(STDIN_FILENO, &keys) == 0) {
      x_keys_before = keys;
      keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
    }
    if (draws()) put("\033[?1049h\033[?25l\033[?7l\033[H\033[2J");
  }

  void leave() {
    if (!std::exchange(x_entered, false)) return;
    if (draws()) put("\033[?7h\033[?25h\033[?1049l");
    // In the background the shell has set its own already, and this would stop the process.
    if (x_keys_before && in_foreground()) ::tcsetattr(STDIN_FILENO, TCSANOW, &*x_keys_before);
  }

  /// Overwrites what is there, so that nothing flickers.
  static std::string frame_of(std::string_view lines) {
    // Cleared first: after a line as wide as the terminal the cursor is still on its last character.
    std::string frame = "\033[H\033[K";
    // A line feed on the last line of the terminal would scroll.
    for (const char c : lines.substr(0, lines.size() - 1)) c == '\n' ? frame += "\r\n\033[K" : frame += c;
    return frame + "\033[J";
  }

  /// Stops this process, as one that changes the terminal from the background, until the shell puts it into
  /// the foreground, or a signal comes.
  void wait_for_foreground() {
    leave();
    ::pthread_sigmask(SIG_SETMASK, &x_mask_before, nullptr);
    // Of the calls for which the kernel sends SIGTTOU (termios(3)) the one that changes nothing. It is sent
    // again whenever this goes on and is still in the background.
    const int error = ::tcflow(STDOUT_FILENO, TCOON) == 0 ? 0 : errno;
    ::pthread_sigmask(SIG_BLOCK, &x_signals, nullptr);
    if (error == EIO) throw std::runtime_error("in the background, and the terminal is used by others");
  }

  bool read_quit_key() {
    char keys[64];
    const ssize_t read = ::read(STDIN_FILENO, keys, sizeof keys);
    if (read == 0 || (read < 0 && errno != EINTR)) x_has_keys = false;  // nobody is there any more
    return read > 0 && std::any_of(keys, keys + read, [](char key) { return key == 'q' || key == 'Q'; });
  }

  watch_output x_output;
  bool x_has_keys;
  int x_process;
  bool x_entered = false;
  std::optional<termios> x_keys_before;
  sigset_t x_signals{};
  sigset_t x_mask_before{};
};

std::optional<std::uint64_t> start_of(int pid) {
  const auto stat = acre::stat_of(pid);
  return stat ? std::optional(stat->start) : std::nullopt;
}

/// Nothing: it is gone. Another may have its number.
std::optional<where_report> look_again(int pid, std::optional<std::uint64_t> start) {
  try {
    where_report report = look_at(pid);
    if (report.state != process_state::has_memory || start_of(pid) != start) return std::nullopt;
    return report;
  } catch (const acre::error& e) {
    if (e.code() == acre::errc::no_such_process) return std::nullopt;
    throw;
  }
}

}  // namespace

int watch(int pid, std::chrono::duration<double> period, watch_output output,
          const std::function<std::string(const where_report&)>& render) {
  const auto start = start_of(pid);
  process_state shown{};
  wake why{};
  {
    watch_place place(pid, output);
    // A process that cannot be looked at must not touch the terminal.
    std::optional<where_report> report = look_at(pid);
    do {
      shown = report->state;
      place.show(render(*report));
      why = shown == process_state::has_memory ? place.wait(period) : wake::process_ended;
      if (why == wake::look_again && !(report = look_again(pid, start))) why = wake::process_ended;
    } while (why == wake::look_again);
  }
  if (why == wake::quit_key) return done;
  // Shells tell by the way a program ends whether the user interrupted it.
  if (why == wake::signal) {
    ::raise(noted_signal);
    return 128 + noted_signal;
  }
  if (shown == process_state::has_memory) {
    const std::string ended = fmt::format("process {} has ended\n", pid);
    output == watch_output::json ? say(ended) : fmt::print("{}", ended);
  } else if (output == watch_output::screen) {
    fmt::print("process {}: {}\n", pid, explanation(shown));
  }
  return done;
}

}  // namespace acre_cli
