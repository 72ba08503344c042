// preconditions: what a test needs of the machine, as Boost.Test asks for it: *precondition(test::is_root). A case
// whose precondition does not hold is skipped, with the reason; continuous integration fails for it.
#pragma once

#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/predicates.hpp"

namespace acre::test {

inline boost::test_tools::assertion_result is_root(boost::unit_test::test_unit_id) {
  if (geteuid() == 0) return true;
  return wrong("needs root");
}

/// ptrace(2) of its own children.
inline boost::test_tools::assertion_result may_trace(boost::unit_test::test_unit_id) {
  const pid_t child = fork();
  if (child == 0) _exit(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  if (status == 0) return true;
  return wrong("needs a system that permits ptrace(2)");
}

/// Mount, IPC and PID namespaces of a process's own.
inline boost::test_tools::assertion_result may_make_namespaces(boost::unit_test::test_unit_id) {
  const pid_t child = fork();
  if (child == 0) _exit(unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID) == 0 ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  if (status == 0) return true;
  return wrong("needs root, and a system that permits namespaces");
}

}  // namespace acre::test
