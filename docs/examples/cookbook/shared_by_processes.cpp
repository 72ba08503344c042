// Share a table with another process.
#include <acre/shared_segment.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

int main() {
  const std::string name = "prices-" + std::to_string(getpid());
  const acre::placement where = acre::placement::interleave(acre::topology::system().default_nodes());
  acre::shared_segment made = acre::shared_segment::create(name, 1 << 20, where);

  const pid_t child = fork();
  if (child == 0) {  // any program that knows the name
    acre::shared_segment opened = acre::shared_segment::open(name);
    std::fill_n(static_cast<double*>(opened.data()), opened.size() / sizeof(double), 1.5);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  acre::shared_segment::remove(name);  // the memory stays as long as somebody has it mapped

  const bool filled = status == 0 && static_cast<const double*>(made.data())[1000] == 1.5;
  return filled && made.check().ok() ? 0 : 1;
}
