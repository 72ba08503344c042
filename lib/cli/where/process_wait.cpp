#include "cli/where/process_wait.hpp"

#include "cli/where/full_screen.hpp"
#include "process/process_files.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>

namespace acre_cli {
namespace {

sigset_t waited_for() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH}) {
    // What nohup(1) or a shell's `&` has turned off would be delivered again if it were blocked.
    struct sigaction now {};
    if (::sigaction(s, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) sigaddset(&set, s);
  }
  return set;
}

timespec to_timespec(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {static_cast<time_t>(seconds.count()), static_cast<long>((time - seconds).count())};
}

}  // namespace

process_wait::process_wait(int pid, events who) {
  if (who == events::waited_for) {
    if (::isatty(STDIN_FILENO) != 0) x_keys = STDIN_FILENO;
    const sigset_t set = waited_for();
    ::pthread_sigmask(SIG_BLOCK, &set, &x_before);
    x_signals = ::signalfd(-1, &set, SFD_CLOEXEC);
    if (x_signals < 0) {
      const int e = errno;
      ::pthread_sigmask(SIG_SETMASK, &x_before, nullptr);
      throw std::system_error(e, std::system_category(), "signalfd");
    }
  }
  // Without such a file the end is noticed at the next look.
  x_process = acre::open_process(pid);
  x_ended = x_process == -ESRCH;
}

process_wait::~process_wait() {
  if (x_process >= 0) ::close(x_process);
  if (x_signals < 0) return;
  ::close(x_signals);
  ::pthread_sigmask(SIG_SETMASK, &x_before, nullptr);
}

void process_wait::with_signals(const std::function<void()>& act) {
  if (x_signals < 0) return act();
  sigset_t blocked{};
  ::pthread_sigmask(SIG_SETMASK, &x_before, &blocked);
  try {
    act();
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
}

bool process_wait::read_quit_key() {
  char keys[64];
  const ssize_t read = ::read(x_keys, keys, sizeof keys);
  if (read == 0 || (read < 0 && errno != EINTR)) x_keys = -1;  // nobody is there any more
  return read > 0 && std::any_of(keys, keys + read, [](char key) { return key == 'q' || key == 'Q'; });
}

wake process_wait::wait(std::chrono::duration<double> time) {
  if (x_ended) return wake::process_ended;
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + std::chrono::duration_cast<clock::duration>(time);
  for (;;) {
    // What is typed while this is in the background is the shell's.
    const int keys = x_keys >= 0 && in_foreground() ? x_keys : -1;
    std::array<pollfd, 3> files = {{{x_process, POLLIN, 0}, {x_signals, POLLIN, 0}, {keys, POLLIN, 0}}};
    const auto left = end - clock::now();
    if (left <= clock::duration::zero()) return wake::time_is_over;
    const timespec timeout = to_timespec(left);
    const int ready = ::ppoll(files.data(), files.size(), &timeout, nullptr);
    if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::system_category(), "ppoll");
    if (ready <= 0) continue;
    signalfd_siginfo info{};
    if (files[1].revents != 0 && ::read(x_signals, &info, sizeof info) == sizeof info) {
      x_signal = static_cast<int>(info.ssi_signo);
      return wake::signal;
    }
    if (files[0].revents != 0) return wake::process_ended;
    if (files[2].revents != 0 && read_quit_key()) return wake::quit_key;
  }
}

}  // namespace acre_cli
