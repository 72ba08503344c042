#include "support/child.hpp"

#include <gtest/gtest.h>
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

namespace acre::test {
namespace {

void end(pid_t child) {
  if (child <= 0) return;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

}  // namespace

void in_child(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      body();
    } catch (const std::exception& e) {
      ADD_FAILURE() << "the child throws " << e.what();
    }
    std::fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << (WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "the child failed");
}

void in_namespaces(int which, const std::function<void()>& body) {
  if (geteuid() != 0) GTEST_SKIP() << "namespaces of its own are root's to make";
  in_child([&] {
    if (unshare(which) != 0) {
      std::printf("not tested: no namespaces of its own are permitted here: %s\n", std::strerror(errno));
      return;
    }
    // The process that makes a PID namespace is not in it.
    if ((which & CLONE_NEWPID) != 0) return in_child(body);
    body();
  });
}

innocent_process::innocent_process(std::size_t bytes) {
  std::array<int, 2> ready{};
  EXPECT_EQ(pipe(ready.data()), 0);
  std::fflush(nullptr);
  x_child = fork();
  if (x_child == 0) {
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) _exit(1);
    std::memset(p, 1, bytes);
    if (write(ready[1], "!", 1) != 1) _exit(1);
    while (true) pause();
  }
  close(ready[1]);
  char got = 0;
  EXPECT_EQ(read(ready[0], &got, 1), 1) << "the innocent process did not come up";
  close(ready[0]);
}

innocent_process::~innocent_process() { end(x_child); }
bool innocent_process::alive() { return waitpid(x_child, nullptr, WNOHANG) == 0; }

page_holder::page_holder() {
  std::fflush(nullptr);
  x_child = fork();
  EXPECT_GE(x_child, 0);
  while (x_child == 0) pause();
}

page_holder::~page_holder() { end(x_child); }

companion::companion(const std::function<void()>& prepare, std::function<bool()> look) {
  std::array<int, 2> ready{};
  std::array<int, 2> go{};
  EXPECT_EQ(pipe(ready.data()), 0);
  EXPECT_EQ(pipe(go.data()), 0);
  std::fflush(nullptr);
  x_child = fork();
  EXPECT_GE(x_child, 0);
  if (x_child == 0) {
    close(go[1]);
    try {
      prepare();
      char word = '!';
      if (testing::Test::HasFailure() || write(ready[1], &word, 1) != 1) _exit(1);
      if (read(go[0], &word, 1) != 1) _exit(1);
      _exit(look() ? 0 : 1);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "the companion throws %s\n", e.what());
      _exit(1);
    }
  }
  close(ready[1]);
  close(go[0]);
  x_tell = go[1];
  char word = 0;
  EXPECT_EQ(read(ready[0], &word, 1), 1) << "the companion did not come up";
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
