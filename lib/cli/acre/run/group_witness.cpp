#include "cli/acre/run/group_witness.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

namespace acre_cli {
namespace fs = std::filesystem;
namespace {

/// Who waits for the end of a pipe shall not wait for this process.
void close_files() {
  std::vector<int> files;
  std::error_code ec;
  for (fs::directory_iterator file("/proc/self/fd", ec), end; !ec && file != end; file.increment(ec)) {
    const std::string name = file->path().filename();
    int number = -1;
    std::from_chars(name.data(), name.data() + name.size(), number);
    files.push_back(number);
  }
  for (const int file : files) ::close(file);
}

/// `pkill -f` would signal this process too, which then looked like a signal to the group.
void clear_arguments() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  const std::string arguments(std::istreambuf_iterator<char>(in), {});
  if (arguments.starts_with(program_invocation_name))
    std::memset(program_invocation_name, 0, arguments.size());
}

[[noreturn]] void witness(pid_t parent) {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  ::prctl(PR_SET_NAME, "group-witness");
  clear_arguments();
  close_files();
  for (;;) ::pause();
}

std::uint64_t pending(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string word; status >> word;) {
    std::uint64_t signals = 0;
    if (word == "ShdPnd:") return status >> std::hex >> signals ? signals : 0;
  }
  return 0;
}

}  // namespace

void group_witness::start() {
  if (::access("/proc/self/fd", X_OK) != 0) return;
  const pid_t parent = ::getpid();
  x_pid = ::fork();
  if (x_pid == 0) witness(parent);
}

void group_witness::end() {
  if (x_pid < 0) return;
  ::kill(x_pid, SIGKILL);
  while (::waitpid(x_pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool group_witness::got(int signal) {
  if (x_pid < 0) return false;
  if (const std::uint64_t more = pending(x_pid); more != 0) {
    // What is pending stays so: the next of its kind needs a new witness.
    x_got |= more;
    end();
    start();
  }
  const std::uint64_t bit = std::uint64_t{1} << (signal - 1);
  const bool told = (x_got & bit) != 0;
  x_got &= ~bit;
  return told;
}

}  // namespace acre_cli
