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
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace acre_cli {
namespace {

enum class wake { look_again, process_ended, quit_key };

/// Whether this process may use a terminal: the shell has put it into the foreground, or it is not the one that it was
/// started from.
bool in_foreground(int terminal) noexcept {
  const pid_t foreground = ::tcgetpgrp(terminal);
  return foreground < 0 || foreground == ::getpgrp();
}

/// A scope in which signals wait.
class held_signals {
 public:
  explicit held_signals(const sigset_t& these) { ::sigprocmask(SIG_BLOCK, &these, &x_before); }
  held_signals(const held_signals&) = delete;
  held_signals& operator=(const held_signals&) = delete;
  ~held_signals() { ::sigprocmask(SIG_SETMASK, &x_before, nullptr); }

 private:
  sigset_t x_before{};
};

/// Where a process is watched. On a terminal keys come as they are pressed, and signals that end or stop acre give it
/// back first.
/// \safety one at a time, and only while there is one thread
class watch_place {
 public:
  watch_place(int pid, watch_output output)
      : x_output(output),
        x_has_keys(::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0),
        x_process(acre::open_process(pid)) {
    sigemptyset(&x_signals);
    if (!draws() && !x_has_keys) return;
    here = this;
    for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGTSTP, SIGWINCH}) {
      struct sigaction action {};
      // What nohup(1) or a shell's `&` has turned off stays so.
      if (::sigaction(s, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) continue;
      sigaddset(&x_signals, s);
      action = {};
      action.sa_handler = on_signal;
      action.sa_flags = SA_RESTART;  // not ppoll(2), see signal(7)
      sigfillset(&action.sa_mask);   // one of them gives the terminal back
      ::sigaction(s, &action, nullptr);
    }
  }
  watch_place(const watch_place&) = delete;
  watch_place& operator=(const watch_place&) = delete;
  ~watch_place() {
    leave();
    for (int s = 1; s < NSIG; ++s)
      if (sigismember(&x_signals, s) == 1) ::signal(s, SIG_DFL);
    here = nullptr;
    if (x_process >= 0) ::close(x_process);
  }

  void show(const std::string& text) {
    // Where SIGTTOU is ignored waiting does not help: the terminal stays the shell's.
    if (draws() && !in_foreground(STDOUT_FILENO)) wait_for_foreground();
    if (draws() && !in_foreground(STDOUT_FILENO)) return;
    {
      const held_signals held(x_signals);
      enter();
      if (draws()) write(frame_of(text));
    }
    // Here nobody may read for long.
    if (!draws()) write(text);
  }

  wake wait(std::chrono::duration<double> time) {
    using clock = std::chrono::steady_clock;
    const auto end = clock::now() + std::chrono::duration_cast<clock::duration>(time);
    for (;;) {
      const std::chrono::nanoseconds left = end - clock::now();
      if (left.count() <= 0) return wake::look_again;
      // What is typed while this is in the background is the shell's.
      const int keys = x_entered && x_has_keys && in_foreground(STDIN_FILENO) ? STDIN_FILENO : -1;
      // Without a file of the process its end is noticed at the next look.
      std::array<pollfd, 2> files = {{{x_process, POLLIN, 0}, {keys, POLLIN, 0}}};
      const timespec timeout = {left.count() / 1'000'000'000, left.count() % 1'000'000'000};
      const int ready = ::ppoll(files.data(), files.size(), &timeout, nullptr);
      if (ready < 0 && errno == EINTR) return wake::look_again;  // it was resized, or stopped, and goes on
      if (ready < 0) throw std::system_error(errno, std::system_category(), "ppoll");
      if (files[0].revents != 0) return wake::process_ended;
      if (files[1].revents != 0 && read_quit_key()) return wake::quit_key;
    }
  }

 private:
  bool draws() const { return x_output == watch_output::screen; }

  /// Then the signal does what it does without a handler. SIGTSTP stops nothing where no shell could wake it.
  static void on_signal(int signal) {
    if (signal == SIGWINCH) return;
    const int error = errno;
    here->leave();
    struct sigaction own {};
    ::sigaction(signal, nullptr, &own);
    ::signal(signal, SIG_DFL);
    ::raise(signal);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, signal);
    ::sigprocmask(SIG_UNBLOCK, &only, nullptr);  // here it comes
    ::sigprocmask(SIG_BLOCK, &only, nullptr);
    ::sigaction(signal, &own, nullptr);
    errno = error;
  }

  static void write(const std::string& text) {
    fmt::print("{}", text);
    if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write to the standard output");
  }

  // Names may be wider than counted: without wrapping (?7) they still take one line.
  void enter() {
    if (x_entered || !in_foreground(STDOUT_FILENO)) return;
    x_entered = true;
    termios keys{};
    if (x_has_keys && in_foreground(STDIN_FILENO) && ::tcgetattr(STDIN_FILENO, &keys) == 0) {
      x_keys_before = keys;
      keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      keys.c_cc[VMIN] = 1;
      keys.c_cc[VTIME] = 0;
      ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
    }
    if (draws()) write("\033[?1049h\033[?25l\033[?7l\033[H\033[2J");
  }

  /// Also called by on_signal(): calls nothing but what signal-safety(7) lists.
  void leave() noexcept {
    if (!x_entered.exchange(false)) return;
    constexpr std::string_view back = "\033[?7h\033[?25h\033[?1049l";
    if (draws()) static_cast<void>(::write(STDOUT_FILENO, back.data(), back.size()) == 0);
    // In the background the shell has set its own already, and this would stop the process.
    if (x_keys_before && in_foreground(STDIN_FILENO)) ::tcsetattr(STDIN_FILENO, TCSANOW, &*x_keys_before);
  }

  /// Overwrites what is there, so that nothing flickers.
  static std::string frame_of(std::string_view lines) {
    // Cleared first: after a line as wide as the terminal the cursor is still on its last character.
    std::string frame = "\033[H\033[K";
    // A line feed on the last line of the terminal would scroll.
    for (const char c : lines.substr(0, lines.size() - 1)) c == '\n' ? frame += "\r\n\033[K" : frame += c;
    return frame + "\033[J";
  }

  /// Stops this process, as one that changes the terminal from the background, until the shell puts it into the
  /// foreground, or a signal comes.
  void wait_for_foreground() {
    leave();
    // Of the calls for which the kernel sends SIGTTOU (termios(3)) the one that changes nothing. It is sent again
    // whenever this goes on and is still in the background.
    if (::tcflow(STDOUT_FILENO, TCOON) != 0 && errno == EIO)
      throw std::runtime_error("in the background, and the terminal is used by others");
  }

  bool read_quit_key() {
    char keys[64];
    const ssize_t read = ::read(STDIN_FILENO, keys, sizeof keys);
    if (read == 0 || (read < 0 && errno != EINTR)) x_has_keys = false;  // nobody is there any more
    return read > 0 && std::any_of(keys, keys + read, [](char key) { return key == 'q' || key == 'Q'; });
  }

  static inline watch_place* here = nullptr;  ///< for on_signal()

  watch_output x_output;
  bool x_has_keys;
  int x_process;
  std::atomic<bool> x_entered = false;
  std::optional<termios> x_keys_before;
  sigset_t x_signals{};
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
  if (shown == process_state::has_memory) {
    const std::string ended = fmt::format("process {} has ended\n", pid);
    output == watch_output::json ? say(ended) : fmt::print("{}", ended);
  } else if (output == watch_output::screen) {
    fmt::print("process {}: {}\n", pid, explanation(shown));
  }
  return done;
}

}  // namespace acre_cli
