#include "multinode/forked_cases.hpp"

#include <acre/topology.hpp>

#include <fcntl.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <istream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

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
  // A signal to the case's process group is not for the others.
  setsid();
  // Where memory runs out, this process dies and not its parent, which others wait for.
  std::ofstream("/proc/self/oom_score_adj") << 600;
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

/// Orphans become children of this process. One that is dead cannot be waited for while another traces it.
void kill_all_children() {
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  for (;;) {
    std::ifstream list("/proc/thread-self/children");
    for (pid_t child = 0; list >> child;) kill(child, SIGKILL);
    pid_t gone = 0;
    while ((gone = waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (gone < 0 && errno == ECHILD) return;
    const timespec wait{0, 10'000'000};
    sigtimedwait(&ended, nullptr, &wait);
  }
}

void open_directories(const std::filesystem::path& directory) {
  std::error_code ignored;
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, ignored);
  for (const auto& inner : std::filesystem::directory_iterator(directory, ignored)) {
    if (inner.is_directory(ignored) && !inner.is_symlink(ignored)) open_directories(inner.path());
  }
}

void remove_files_in_memory() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  for (const char* directory : {"/tmp", "/dev/shm", "/dev/hugepages"}) {
    for (const auto& left : fs::directory_iterator(directory, ignored)) {
      // Without root's rights, a directory that may not be read stays as it is.
      if (geteuid() != 0 && left.is_directory(ignored) && !left.is_symlink(ignored))
        open_directories(left.path());
      fs::remove_all(left.path(), ignored);
    }
  }
}

/// This run has an IPC namespace of its own. One for each case would be freed some time after it: the next case would
/// still find huge pages taken.
void remove_system_v_objects() {
  const auto each = [](const char* file, auto remove) {
    std::ifstream list(file);
    std::string line;
    std::getline(list, line);
    while (std::getline(list, line)) {
      std::istringstream words(line);
      long key = 0;
      int id = 0;
      if (words >> key >> id) remove(id);
    }
  };
  each("/proc/sysvipc/shm", [](int id) { shmctl(id, IPC_RMID, nullptr); });
  each("/proc/sysvipc/sem", [](int id) { semctl(id, 0, IPC_RMID); });
  each("/proc/sysvipc/msg", [](int id) { msgctl(id, IPC_RMID, nullptr); });
}

/// What a case may change of the line that all share: the next one's output, and this process's reports, depend on it.
class shared_output {
 public:
  shared_output()
      : x_flags(fcntl(STDOUT_FILENO, F_GETFL)), x_terminal(tcgetattr(STDOUT_FILENO, &x_modes) == 0) {}
  void restore() const {
    fcntl(STDOUT_FILENO, F_SETFL, x_flags);
    if (x_terminal) tcsetattr(STDOUT_FILENO, TCSANOW, &x_modes);
  }

 private:
  termios x_modes{};
  int x_flags;
  bool x_terminal;
};

struct case_to_run {
  int number;
  int seconds;
  std::string name;
};

std::vector<case_to_run> read_cases(std::istream& list) {
  std::vector<case_to_run> cases;
  for (case_to_run next; list >> next.number >> next.seconds >> std::ws && std::getline(list, next.name);) {
    cases.push_back(next);
  }
  if (!list.eof()) throw std::runtime_error("a line that is not NUMBER SECONDS CASE");
  return cases;
}

/// \param kills OOM kills of the machine so far; brought up to date
void run(const case_to_run& what, const std::string& program, const std::string& mark,
         const shared_output& output, long& kills) {
  std::printf("%s begin %d\n", mark.c_str(), what.number);
  std::fflush(stdout);
  // Should cleaning up hang, this process ends: other runs go on. Soon enough for the runner, which waits a minute.
  alarm(static_cast<unsigned>(what.seconds) + 30);
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
  remove_system_v_objects();
  output.restore();
  alarm(0);
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
  const std::vector<case_to_run> cases = read_cases(list);
  list.close();
  require(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0, "PR_SET_CHILD_SUBREAPER");
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ended, nullptr);
  // Once for all children: loading takes longer than most cases.
  topology::system();
  long kills = oom_kills();
  const shared_output output;
  for (const case_to_run& next : cases) run(next, program, mark, output, kills);
}

}  // namespace acre::test
