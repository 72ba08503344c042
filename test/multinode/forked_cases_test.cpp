// The process that forks a child for each case (forked_cases.hpp): what one case leaves, the next does not find; one
// that hangs or has no memory ends alone. Cases run in the order in which they stand here.
#include <acre/bytes.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "support/print.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

using boost::test_tools::per_element;

constexpr const char* closed = "/tmp/closed";
constexpr const char* shared = "/dev/shm/left";

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  BOOST_TEST_REQUIRE(file.good(), path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

BOOST_AUTO_TEST_SUITE(forked_cases)

BOOST_AUTO_TEST_CASE(may_leave_a_process_files_shared_memory_and_another_terminal) {
  const pid_t child = fork();
  BOOST_TEST_REQUIRE(child >= 0);
  if (child == 0) {
    setsid();
    for (;;) pause();
  }
  BOOST_TEST(mkdir(closed, 0700) == 0);
  write_file(std::string(closed) + "/file", "left");
  BOOST_TEST(chmod(closed, 0) == 0);
  write_file(shared, "left");
  BOOST_TEST(shmget(IPC_PRIVATE, 4096, 0600) >= 0);
  termios modes{};
  BOOST_TEST_REQUIRE(tcgetattr(STDOUT_FILENO, &modes) == 0);
  modes.c_lflag |= ECHO | TOSTOP;
  BOOST_TEST(tcsetattr(STDOUT_FILENO, TCSANOW, &modes) == 0);
  BOOST_TEST(fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK) == 0);
}

BOOST_AUTO_TEST_CASE(find_nothing_of_that) {
  const std::string parent = std::to_string(getppid());
  const std::string children = "/proc/" + parent + "/task/" + parent + "/children";
  BOOST_TEST(lines_of(children) == std::vector{std::to_string(getpid()) + " "}, per_element());
  BOOST_TEST(!exists(closed));
  BOOST_TEST(!exists(shared));
  // The heading.
  BOOST_TEST(lines_of("/proc/sysvipc/shm").size() == 1U);
  termios modes{};
  BOOST_TEST_REQUIRE(tcgetattr(STDOUT_FILENO, &modes) == 0);
  BOOST_TEST((modes.c_lflag & (ECHO | TOSTOP)) == 0U);
  BOOST_TEST((fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hanging_cases)

BOOST_AUTO_TEST_CASE(are_killed_after_their_time) {
  for (;;) pause();
}

BOOST_AUTO_TEST_CASE(are_killed_one_by_one) {
  for (;;) pause();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(greedy_cases)

BOOST_AUTO_TEST_CASE(are_killed_and_not_who_forks_them) {
  const auto memory = std::make_unique<char[]>(200_MiB);
  std::memset(memory.get(), 1, 200_MiB);
  BOOST_TEST(memory[100_MiB] == 0, "a limit of 64 MiB was none");
}

BOOST_AUTO_TEST_CASE(are_killed_one_by_one) {
  const auto memory = std::make_unique<char[]>(200_MiB);
  std::memset(memory.get(), 1, 200_MiB);
  BOOST_TEST(memory[100_MiB] == 0, "a limit of 64 MiB was none");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
