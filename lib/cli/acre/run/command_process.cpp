#include "cli/acre/run/command_process.hpp"

#include "cli/acre/command.hpp"
#include "cli/acre/message.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace acre_cli {
namespace {

constexpr int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

std::vector<char*> pointers(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  return arguments;
}

/// What the child writes when exec fails; nothing, the end, when exec closed the pipe.
int error_from(int pipe) {
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(pipe, &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  return got == sizeof error ? error : 0;
}

}  // namespace

int exec_command(const std::vector<std::string>& command) {
  ::execvp(command.front().c_str(), pointers(command).data());
  return errno;
}

int not_started(const std::vector<std::string>& command, int error) {
  complain(fmt::format("cannot run '{}': {}", command.front(), std::generic_category().message(error)));
  return error == ENOENT ? run_not_found : run_not_started;
}

command_process::command_process(const std::vector<std::string>& command) {
  ::sigemptyset(&x_awaited);
  ::sigaddset(&x_awaited, SIGCHLD);
  for (const int signal : passed_on) ::sigaddset(&x_awaited, signal);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("cannot make a pipe");
  // A caller that ignores SIGCHLD would take the child's status away.
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  standard.sa_flags = SA_NOCLDSTOP;
  ::sigaction(SIGCHLD, &standard, &x_child_before);
  ::sigprocmask(SIG_BLOCK, &x_awaited, &x_mask_before);
  x_pid = ::fork();
  if (x_pid == 0) {
    ::sigaction(SIGCHLD, &x_child_before, nullptr);
    ::sigprocmask(SIG_SETMASK, &x_mask_before, nullptr);
    const int error = exec_command(command);
    [[maybe_unused]] const ssize_t written = ::write(ends[1], &error, sizeof error);
    ::_exit(error == ENOENT ? run_not_found : run_not_started);
  }
  const int error = errno;
  ::close(ends[1]);
  if (x_pid > 0) x_start_error = error_from(ends[0]);
  ::close(ends[0]);
  if (x_pid > 0) return;
  ::sigaction(SIGCHLD, &x_child_before, nullptr);
  ::sigprocmask(SIG_SETMASK, &x_mask_before, nullptr);
  errno = error;
  fail("cannot start a process");
}

command_process::~command_process() {
  ::sigaction(SIGCHLD, &x_child_before, nullptr);
  ::sigprocmask(SIG_SETMASK, &x_mask_before, nullptr);
}

std::optional<command_end> command_process::wait(std::chrono::nanoseconds time) {
  const auto left = std::max<long>(0, static_cast<long>(time.count()));
  const timespec limit{left / 1'000'000'000, left % 1'000'000'000};
  siginfo_t told{};
  const int signal = ::sigtimedwait(&x_awaited, &told, &limit);
  if (signal > 0 && signal != SIGCHLD) {
    // What the kernel sends (SI_KERNEL) is the terminal's, and went to all its processes.
    if (told.si_code <= 0) ::kill(x_pid, signal);
    return std::nullopt;
  }
  command_end end;
  int status = 0;
  const pid_t ended = ::wait4(x_pid, &status, WNOHANG, &end.used);
  if (ended < 0 && errno != EINTR) fail("cannot wait for the command");
  if (ended <= 0) return std::nullopt;
  end.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return end;
}

}  // namespace acre_cli
