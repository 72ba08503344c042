#include "cli/acre/run/command_process.hpp"

#include "cli/acre/command.hpp"
#include "cli/acre/message.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace acre_cli {
namespace {

constexpr int passed_on[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1,
                             SIGUSR2, SIGALRM, SIGWINCH, SIGTSTP, SIGCONT};

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

/// Whether a shell's job control stopped the child, and will wake both: only then may this process stop. Others stop
/// and wake the command alone (`kill -STOP`, cpulimit), and would leave this process stopped.
bool is_stopped_by_a_shell(int signal) {
  const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) return false;
  const bool in_foreground = ::tcgetpgrp(terminal) == ::getpgrp();
  ::close(terminal);
  // A shell with job control gives each job a group of its own.
  const bool has_job_control = ::getpgid(::getppid()) != ::getpgrp();
  return has_job_control && (in_foreground || signal != SIGSTOP);
}

bool is_pending(int signal) {
  sigset_t pending;
  return ::sigpending(&pending) == 0 && ::sigismember(&pending, signal) == 1;
}

}  // namespace

void end_by(int signal) {
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);  // a program that takes cores heeds no limit
  ::signal(signal, SIG_DFL);
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, signal);
  ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(signal);
}

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

void command_process::pass_on(const siginfo_t& told) const {
  // The terminal's go to its foreground group, and so to the command; but a hangup to the leader of the session only.
  if (told.si_code == SI_KERNEL && told.si_signo != SIGHUP) return;
  ::kill(x_pid, told.si_signo);
}

std::optional<command_end> command_process::wait(std::chrono::nanoseconds time) {
  const auto left = std::max<long>(0, static_cast<long>(time.count()));
  const timespec limit{left / 1'000'000'000, left % 1'000'000'000};
  siginfo_t told{};
  const int signal = ::sigtimedwait(&x_awaited, &told, &limit);
  if (signal > 0 && signal != SIGCHLD) {
    pass_on(told);
    return std::nullopt;
  }
  command_end end;
  int status = 0;
  const pid_t changed = ::wait4(x_pid, &status, WNOHANG | WUNTRACED, &end.used);
  if (changed < 0 && errno != EINTR) fail("cannot wait for the command");
  if (changed <= 0) return std::nullopt;
  if (WIFSTOPPED(status)) {
    // The SIGCONT that ends this stop is awaited, and passed on; one that came already would be lost by stopping.
    if (is_stopped_by_a_shell(WSTOPSIG(status)) && !is_pending(SIGCONT)) ::raise(SIGSTOP);
    return std::nullopt;
  }
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end.status = end.signal != 0 ? 128 + end.signal : WEXITSTATUS(status);
  return end;
}

}  // namespace acre_cli
