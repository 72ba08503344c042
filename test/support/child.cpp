#include "support/child.hpp"

#include <boost/test/execution_monitor.hpp>
#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>

#include "support/comes_true.hpp"
#include "support/require.hpp"

namespace acre::test {
namespace {

std::size_t failed_assertions() {
  using namespace boost::unit_test;
  return results_collector.results(framework::current_test_case_id()).p_assertions_failed;
}

void flush_output() {
  std::cout.flush();
  std::fflush(nullptr);
}

[[noreturn]] void run_and_exit(const std::function<void()>& body) {
  const std::size_t before = failed_assertions();
  bool ended_well = false;
  try {
    body();
    ended_well = true;
  } catch (const boost::execution_aborted&) {
    // A BOOST_TEST_REQUIRE, which has said what was the matter.
  } catch (const std::exception& e) {
    std::printf("the child throws %s\n", e.what());
  } catch (...) {
    std::printf("the child throws something\n");
  }
  flush_output();
  _exit(ended_well && failed_assertions() == before ? 0 : 1);
}

int wait_for(pid_t child) {
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  return status;
}

void end(pid_t child) {
  if (child <= 0) return;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

}  // namespace

bool has_failed() { return failed_assertions() != 0; }

pid_t start(const std::function<void()>& body) {
  flush_output();
  const pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) run_and_exit(body);
  return child;
}

void expect_success(pid_t child) {
  const int status = wait_for(child);
  BOOST_TEST_INFO((WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "what failed in the child is above"));
  BOOST_TEST(status == 0);
}

void in_child(const std::function<void()>& body) { expect_success(start(body)); }

int exit_code_of(pid_t child) {
  int status = 0;
  const bool ends = comes_true([&] {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    require(ended >= 0, "waitpid");
    return ended == child;
  });
  if (ends) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  end(child);
  return -2;
}

void in_namespaces(int which, const std::function<void()>& body) {
  in_child([&] {
    require(unshare(which) == 0, "unshare");
    // The process that makes a PID namespace is not in it.
    if ((which & CLONE_NEWPID) != 0) return in_child(body);
    body();
  });
}

child_end end_of_child(const std::function<void()>& body) {
  std::array<int, 2> told{};
  require(pipe(told.data()) == 0, "pipe");
  flush_output();
  const pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) {
    dup2(told[1], STDERR_FILENO);
    close(told[0]);
    close(told[1]);
    // What is thrown is no death, and must not look like one.
    try {
      body();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "thrown: %s\n", e.what());
    } catch (...) {
      std::fputs("thrown: something\n", stderr);
    }
    _exit(0);
  }
  close(told[1]);
  child_end end;
  std::array<char, 4096> part{};
  for (ssize_t got = 0; (got = read(told[0], part.data(), part.size())) > 0;) {
    end.said.append(part.data(), static_cast<std::size_t>(got));
  }
  close(told[0]);
  end.status = wait_for(child);
  return end;
}

innocent_process::innocent_process(std::size_t bytes) {
  std::array<int, 2> ready{};
  require(pipe(ready.data()) == 0, "pipe");
  flush_output();
  x_child = fork();
  require(x_child >= 0, "fork");
  if (x_child == 0) {
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) _exit(1);
    std::memset(p, 1, bytes);
    if (write(ready[1], "!", 1) != 1) _exit(1);
    while (true) pause();
  }
  close(ready[1]);
  char got = 0;
  require(read(ready[0], &got, 1) == 1, "the innocent process did not come up");
  close(ready[0]);
}

innocent_process::~innocent_process() { end(x_child); }
bool innocent_process::alive() { return waitpid(x_child, nullptr, WNOHANG) == 0; }

page_holder::page_holder() {
  flush_output();
  x_child = fork();
  require(x_child >= 0, "fork");
  while (x_child == 0) pause();
}

page_holder::~page_holder() { end(x_child); }

companion::companion(const std::function<void()>& prepare, std::function<bool()> look) {
  std::array<int, 2> ready{};
  std::array<int, 2> go{};
  require(pipe(ready.data()) == 0, "pipe");
  require(pipe(go.data()) == 0, "pipe");
  flush_output();
  x_child = fork();
  require(x_child >= 0, "fork");
  if (x_child == 0) {
    close(go[1]);
    const std::size_t before = failed_assertions();
    try {
      prepare();
      char word = '!';
      if (failed_assertions() != before || write(ready[1], &word, 1) != 1) _exit(1);
      if (read(go[0], &word, 1) != 1) _exit(1);
      _exit(look() && failed_assertions() == before ? 0 : 1);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "the companion throws %s\n", e.what());
    } catch (...) {
    }
    flush_output();
    _exit(1);
  }
  close(ready[1]);
  close(go[0]);
  x_tell = go[1];
  char word = 0;
  BOOST_TEST_REQUIRE(read(ready[0], &word, 1) == 1, "the companion did not come up");
  close(ready[0]);
}

companion::~companion() {
  close(x_tell);
  end(x_child);
}

bool companion::end_well() {
  const char word = '!';
  int status = 0;
  if (write(x_tell, &word, 1) != 1 || waitpid(x_child, &status, 0) != x_child) return false;
  x_child = -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace acre::test
