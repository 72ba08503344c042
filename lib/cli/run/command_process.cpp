#include "cli/run/command_process.hpp"

#include "cli/command.hpp"
#include "cli/message.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace acre_cli {
namespace {

constexpr int changed_signals[] = {SIGCHLD, SIGINT, SIGQUIT};

[[noreturn]] void fail(int error, const char* what) {
  throw std::system_error(error, std::generic_category(), what);
}

sigset_t child_signal() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGCHLD);
  return set;
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

void end_by(int signal) {
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);  // a program that takes cores heeds no limit
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

int exec_command(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  restore_hwloc_errors();
  ::execvp(arguments.front(), arguments.data());
  return errno;
}

int not_started(const std::vector<std::string>& command, int error) {
  complain(fmt::format("cannot run '{}': {}", command.front(), std::generic_category().message(error)));
  return error == ENOENT ? run_not_found : run_not_started;
}

command_process::command_process(const std::vector<std::string>& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(errno, "cannot make a pipe");
  for (int i = 0; i < 3; ++i) {
    struct sigaction now {};
    // A caller that ignores SIGCHLD would take the child's status away.
    now.sa_handler = changed_signals[i] == SIGCHLD ? SIG_DFL : SIG_IGN;
    ::sigaction(changed_signals[i], &now, &x_before[i]);
  }
  const sigset_t awaited = child_signal();
  ::sigprocmask(SIG_BLOCK, &awaited, &x_mask_before);
  x_pid = ::fork();
  if (x_pid == 0) {
    restore_signals();
    const int error = exec_command(command);
    [[maybe_unused]] const ssize_t written = ::write(ends[1], &error, sizeof error);
    ::_exit(error == ENOENT ? run_not_found : run_not_started);
  }
  const int error = errno;
  ::close(ends[1]);
  if (x_pid > 0) x_start_error = error_from(ends[0]);
  ::close(ends[0]);
  if (x_pid > 0) return;
  restore_signals();
  fail(error, "cannot start a process");
}

command_process::~command_process() { restore_signals(); }

void command_process::restore_signals() const {
  for (int i = 0; i < 3; ++i) ::sigaction(changed_signals[i], &x_before[i], nullptr);
  ::sigprocmask(SIG_SETMASK, &x_mask_before, nullptr);
}

std::optional<command_end> command_process::wait(std::chrono::nanoseconds time) {
  const auto left = std::max<long>(0, static_cast<long>(time.count()));
  const timespec limit{left / 1'000'000'000, left % 1'000'000'000};
  const sigset_t awaited = child_signal();
  ::sigtimedwait(&awaited, nullptr, &limit);
  command_end end;
  int status = 0;
  const pid_t ended = ::wait4(x_pid, &status, WNOHANG, &end.used);
  if (ended < 0 && errno != EINTR) fail(errno, "cannot wait for the command");
  if (ended <= 0) return std::nullopt;
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end.status = end.signal != 0 ? 128 + end.signal : WEXITSTATUS(status);
  return end;
}

}  // namespace acre_cli
