#include "cli/standard_files.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace acre_cli {

void occupy_standard_files() {
  int file = -1;
  do {
    file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  } while (file >= 0 && file <= STDERR_FILENO);
  if (file >= 0) ::close(file);
}

broken_pipes_ignored::broken_pipes_ignored() {
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignored, &x_before);
}

broken_pipes_ignored::~broken_pipes_ignored() { ::sigaction(SIGPIPE, &x_before, nullptr); }

}  // namespace acre_cli
