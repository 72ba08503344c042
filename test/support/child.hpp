// child: code that runs in a child process, so that what it does to its process ends with it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>

namespace acre::test {

/// Whether an assertion of this test has failed. A child's are its own.
bool has_failed();

/// A child that runs `body` beside this process. It ends with 1 if an assertion failed there or something was thrown.
pid_t start(const std::function<void()>& body);
/// Waits for it. What failed in it, or its death, fails this test.
void expect_success(pid_t child);
/// Both.
void in_child(const std::function<void()>& body);

/// The exit code of a child that may hang: -1 where a signal ended it, -2 where it was killed after half a minute.
int exit_code_of(pid_t child);

/// The same in namespaces of its own (CLONE_NEW*). Needs may_make_namespaces() of preconditions.hpp.
void in_namespaces(int which, const std::function<void()>& body);

/// How a child ended, and what it and its libraries wrote to stderr.
struct child_end {
  int status;  ///< as waitpid(2) tells it
  std::string said;
};
/// Runs `body` in a child that is expected to die of it; where it returns or throws, the child ends with 0.
child_end end_of_child(const std::function<void()>& body);

/// A process with touched memory that goes on until this ends. To be made before any thread.
class innocent_process {
 public:
  explicit innocent_process(std::size_t bytes);
  ~innocent_process();
  innocent_process(const innocent_process&) = delete;
  innocent_process& operator=(const innocent_process&) = delete;
  bool alive();

 private:
  pid_t x_child = -1;
};

/// A forked child that maps this process's pages too, until this ends.
class page_holder {
 public:
  page_holder();
  ~page_holder();
  page_holder(const page_holder&) = delete;
  page_holder& operator=(const page_holder&) = delete;

 private:
  pid_t x_child = -1;
};

/// A child that prepares something, waits, and looks at it again when it is told to. To be made before any
/// thread.
class companion {
 public:
  /// Returns when the child has run `prepare`; the test fails if that throws.
  companion(
      const std::function<void()>& prepare, std::function<bool()> look = [] { return true; });
  ~companion();
  companion(const companion&) = delete;
  companion& operator=(const companion&) = delete;
  int pid() const { return x_child; }
  /// Lets the child run `look` and end. True if it returned true.
  bool end_well();

 private:
  pid_t x_child = -1;
  int x_tell = -1;
};

}  // namespace acre::test
