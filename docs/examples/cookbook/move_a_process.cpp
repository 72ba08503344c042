// Move a running process.
#include <acre/area.hpp>
#include <acre/binding_of.hpp>
#include <acre/move_process.hpp>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <iterator>

int main() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  const acre::node_id from = nodes.first();
  const acre::node_id to = nodes.size() > 1 ? *std::next(nodes.begin()) : from;

  const pid_t pid = fork();  // a process to move: it has 4 MiB
  if (pid < 0) return 1;
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // it ends with this one
    acre::area pages(acre::placement::prefer({from}), {.commit = acre::commit::eager});
    static_cast<void>(pages.allocate(4 << 20));
    raise(SIGSTOP);
  }
  waitpid(pid, nullptr, WUNTRACED);  // until it has them

  std::cout << acre::move_process(pid, {from}, {to}) << '\n';

  const acre::process_binding now = acre::binding_of(pid);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return now.on(to) * now.page_size >= 4 << 20 ? 0 : 1;
}
