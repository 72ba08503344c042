// What /proc tells of this process and of children that it starts.
#include "process/process_files.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "support/print.hpp"
#include "support/require.hpp"

namespace acre::test {
namespace {

/// A child that waits until it is killed.
class waiting_child {
 public:
  waiting_child() : x_pid(::fork()) {
    require(x_pid >= 0, "fork");
    while (x_pid == 0) ::pause();
  }
  waiting_child(const waiting_child&) = delete;
  waiting_child& operator=(const waiting_child&) = delete;
  ~waiting_child() {
    ::kill(x_pid, SIGKILL);
    ::waitpid(x_pid, nullptr, 0);
  }
  /// It stays a zombie.
  void end() const {
    ::kill(x_pid, SIGKILL);
    siginfo_t told;
    ::waitid(P_PID, static_cast<id_t>(x_pid), &told, WEXITED | WNOWAIT);
  }
  int pid() const { return x_pid; }

 private:
  int x_pid;
};

BOOST_AUTO_TEST_SUITE(stat_of_a_process)

BOOST_AUTO_TEST_CASE(tells_whether_it_lives) {
  const auto own = stat_of(0);
  BOOST_TEST_REQUIRE(own.has_value());
  BOOST_TEST(!own->has_ended());
  BOOST_TEST(!own->is_kernel_thread());
  BOOST_TEST(own->threads >= 1U);

  const waiting_child child;
  const auto before = stat_of(child.pid());
  BOOST_TEST_REQUIRE(before.has_value());
  BOOST_TEST(!before->has_ended());
  BOOST_TEST(before->start >= own->start);
  child.end();
  const auto after = stat_of(child.pid());
  BOOST_TEST_REQUIRE(after.has_value());
  BOOST_TEST(after->has_ended());
  BOOST_TEST(after->start == before->start);
}
BOOST_AUTO_TEST_CASE(is_nothing_where_there_is_none) { BOOST_TEST(!stat_of(-1).has_value()); }

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(the_tree_of_a_process)

BOOST_AUTO_TEST_CASE(has_the_process_and_its_children) {
  const waiting_child child;
  const std::vector<int> found = process_tree(::getpid());
  BOOST_TEST(found.front() == ::getpid());
  // Where the kernel lists children (CONFIG_PROC_CHILDREN).
  const bool listed = ::access("/proc/thread-self/children", R_OK) == 0;
  BOOST_TEST(std::ranges::count(found, child.pid()) == (listed ? 1 : 0));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(an_open_process)

BOOST_AUTO_TEST_CASE(becomes_readable_when_it_ends) {
  const waiting_child child;
  pollfd file{open_process(child.pid()), POLLIN, 0};
  const bool old_kernel = file.fd == -ENOSYS || file.fd == -EPERM;
  BOOST_TEST((old_kernel || file.fd >= 0));
  if (file.fd >= 0) {
    BOOST_TEST(::poll(&file, 1, 0) == 0);
  }
  child.end();
  if (file.fd >= 0) {
    BOOST_TEST(::poll(&file, 1, 0) == 1);
    ::close(file.fd);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
