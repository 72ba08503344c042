// in_terminal COMMAND [ARGUMENT...]: runs a command with a terminal of 80 columns as its standard error, and writes
// what it says there to the standard output. Exit status: the command's.
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 2) return 125;
  int terminal = -1;
  int other_end = -1;
  const winsize size = {24, 80, 0, 0};  // lines, columns
  if (::openpty(&terminal, &other_end, nullptr, nullptr, &size) != 0) {
    std::perror("openpty");
    return 125;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(terminal);
    ::dup2(other_end, STDERR_FILENO);
    ::close(other_end);
    ::execvp(argv[1], argv + 1);
    ::_exit(127);
  }
  ::close(other_end);
  std::array<char, 4096> said;
  // EIO when the last user of the other end is gone.
  for (ssize_t n = 0; (n = ::read(terminal, said.data(), said.size())) > 0;)
    std::fwrite(said.data(), 1, static_cast<std::size_t>(n), stdout);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
