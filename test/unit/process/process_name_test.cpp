// Names of processes that a child takes on: of its program, and of the script that an interpreter was told.
#include "process/process_name.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/require.hpp"

namespace acre::test {
namespace {

/// `sh` that was told a script which waits for a line, with options and arguments around its name.
class told_shell {
 public:
  explicit told_shell(std::vector<std::string> words) {
    int in[2];
    int started[2];
    BOOST_TEST_REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
    BOOST_TEST_REQUIRE(::pipe2(started, O_CLOEXEC) == 0);
    x_pid = ::fork();
    require(x_pid >= 0, "fork");
    if (x_pid == 0) {
      ::dup2(in[0], STDIN_FILENO);
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      ::execv("/bin/sh", arguments.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(started[1]);
    char none = 0;
    [[maybe_unused]] const ssize_t end = ::read(started[0], &none, 1);  // 0 bytes, when exec has closed it
    ::close(started[0]);
    x_input = in[1];
  }
  told_shell(const told_shell&) = delete;
  told_shell& operator=(const told_shell&) = delete;
  ~told_shell() {
    ::kill(x_pid, SIGKILL);
    ::close(x_input);
    ::waitpid(x_pid, nullptr, 0);
  }
  int pid() const { return x_pid; }

 private:
  int x_pid = -1;
  int x_input = -1;
};

/// -s: it reads what to do from its input, where nothing comes; the words behind are arguments.
std::vector<std::string> words(const std::string& script) { return {"sh", "-s", script, "argument"}; }

std::string unused_name(const char* ending) { return "acre_" + std::to_string(::getpid()) + ending; }

BOOST_AUTO_TEST_SUITE(a_process)

BOOST_AUTO_TEST_CASE(has_the_name_of_its_script) {
  const std::string name = unused_name("_eat.py");
  const told_shell shell(words("/srv/" + name));
  BOOST_TEST(same(processes_named(name), std::vector<int>{shell.pid()}));
  BOOST_TEST(processes_named(name + "x").empty());
  BOOST_TEST(processes_named("argument").empty());
  const told_shell other(words(name));
  BOOST_TEST(processes_named(name).size() == 2U);
}

BOOST_AUTO_TEST_CASE(that_was_told_a_line_has_not_the_name_at_its_end) {
  const std::string name = unused_name("_line.py");
  const told_shell shell(words("cd / && python3 /srv/" + name));
  BOOST_TEST(processes_named(name).empty());
}

BOOST_AUTO_TEST_CASE(is_known_by_its_program_and_by_a_file_that_it_was_told) {
  const std::string name = unused_name("_known.py");
  const std::string file = "/tmp/" + name;
  const told_shell shell(words(file));
  BOOST_TEST(!process_names().contains(name));
  std::ofstream(file) << "no more than there";
  auto names = process_names();
  std::filesystem::remove(file);
  BOOST_TEST(same(names[name], std::vector<int>{shell.pid()}));
  BOOST_TEST(std::ranges::count(names["sh"], shell.pid()) == 1);
  for (const char* const other : {"argument", "-s", "tmp"})
    BOOST_TEST(std::ranges::count(names[other], shell.pid()) == 0);
}

BOOST_AUTO_TEST_CASE(has_its_command_line_on_one_line) {
  const told_shell shell(words("a\nscript"));
  BOOST_TEST(command_line_of(shell.pid()) == "sh -s a script argument");
  BOOST_TEST(command_line_of(-1) == "?");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
