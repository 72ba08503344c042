#include "multinode/forked_cases.hpp"

#include <acre/topology.hpp>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <istream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "support/require.hpp"
#include "support/test_main.hpp"

namespace acre::test {
namespace {

using clock = std::chrono::steady_clock;

long oom_kills() {
  std::ifstream counters("/proc/vmstat");
  std::string name;
  for (long value = 0; counters >> name >> value;) {
    if (name == "oom_kill") return value;
  }
  throw std::runtime_error("/proc/vmstat has no oom_kill");
}

[[noreturn]] void run_in_this_child(const std::string& test, const std::string& program) {
  unsetenv("ACRE_CASE_MARK");
  // Takes left-over System V segments away with the case. Only root may.
  static_cast<void>(unshare(CLONE_NEWIPC));
  std::string name = program;
  std::string what = "--run_test=" + test;
  std::string plain = "--color_output=no";
  std::array<char*, 4> words{name.data(), what.data(), plain.data(), nullptr};
  std::exit(test_main(3, words.data()));
}

/// False: it did not end in time.
bool ends_until(pid_t child, clock::time_point deadline, int& status) {
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  while (waitpid(child, &status, WNOHANG) != child) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
    if (left <= 0) return false;
    const timespec wait{left / 1000, left % 1000 * 1'000'000};
    sigtimedwait(&ended, nullptr, &wait);
  }
  return true;
}

/// Orphans become children of this process.
void kill_all_children() {
  for (;;) {
    std::ifstream list("/proc/thread-self/children");
    bool any = false;
    for (pid_t child = 0; list >> child; any = true) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    if (!any) return;
  }
}

void remove_files_in_memory() {
  for (const char* directory : {"/tmp", "/dev/shm", "/dev/hugepages"}) {
    std::error_code ignored;
    for (const auto& left : std::filesystem::directory_iterator(directory, ignored)) {
      std::filesystem::remove_all(left.path(), ignored);
    }
  }
}

struct case_to_run {
  int number;
  int seconds;
  std::string name;
};

/// \param kills OOM kills of the machine so far; brought up to date
void run(const case_to_run& what, const std::string& program, const std::string& mark, long& kills) {
  std::printf("%s begin %d\n", mark.c_str(), what.number);
  std::fflush(stdout);
  const pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    run_in_this_child(what.name, program);
  }
  int status = 0;
  const bool in_time = ends_until(child, clock::now() + std::chrono::seconds(what.seconds), status);
  kill_all_children();
  remove_files_in_memory();
  const int shown = !in_time              ? 128 + SIGKILL
                    : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                          : WEXITSTATUS(status);
  // The line begins with the mark even if the case's last line is not finished.
  const long kills_before = std::exchange(kills, oom_kills());
  std::printf("%s end %d %d %ld %d\n", mark.c_str(), what.number, shown, kills - kills_before,
              in_time ? 0 : 1);
  std::fflush(stdout);
}

}  // namespace

void run_forked_cases(const std::string& file, const std::string& program) {
  const char* mark = std::getenv("ACRE_CASE_MARK");
  std::ifstream list(file);
  if (mark == nullptr || !list) throw std::runtime_error("no ACRE_CASE_MARK, or no file " + file);
  require(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0, "PR_SET_CHILD_SUBREAPER");
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ended, nullptr);
  // Once for all children: loading takes longer than most cases.
  topology::system();
  long kills = oom_kills();
  for (case_to_run next; list >> next.number >> next.seconds >> std::ws && std::getline(list, next.name);) {
    run(next, program, mark, kills);
  }
}

}  // namespace acre::test
