// thread_binding, binding_of, move_process, restrict_process: memory that acre does not map, and whole
// processes.
#include <acre/acre.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <iostream>
#include <system_error>
#include <thread>
#include <vector>

#include "require.hpp"

namespace {

void everything_this_thread_touches() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  const acre::thread_binding scope(acre::placement::bind({nodes.first()}));
  std::vector<char> data(1 << 20, 1);            // malloc knows nothing of nodes; the thread's policy does
  std::thread([&data] { data[0] = 2; }).join();  // threads started here inherit it

  std::cout << "inside: " << acre::current_binding() << '\n';
  const acre::residency where = acre::locate(data.data(), data.size());
  require(where.on(nodes.first()) + 1 >= where.resident(),
          "all but perhaps the first page are new and lie on the node");
}

void become_another_program() {
  try {
    const acre::node_set nodes = acre::topology::system().default_nodes();
    const acre::thread_binding scope(acre::placement::interleave(nodes));
    execlp("true", "true", nullptr);  // keeps the policy
  } catch (const acre::failure& f) {
    std::cerr << f.what() << '\n';
  }
}

int run_another_program() {
  const pid_t child = fork();
  if (child == 0) {
    become_another_program();
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void look_at_a_process() {
  const acre::process_binding now = acre::binding_of();  // or of another process's number
  std::cout << now << '\n';
  for (const acre::process_mapping& m : now.mappings) {
    if (m.kind == acre::mapping_kind::heap) std::cout << m.name << ", " << m.kernel_policy << '\n';
  }

  require(now.pages() != 0, "this process has memory");
}

void move_this_process() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::move_options options;
  options.progress = [](const acre::process_move&, std::size_t number, std::size_t count) {
    std::cout << number << " of " << count << '\n';
  };
  std::cout << acre::move_process(0, nodes, {nodes.first()}, options) << '\n';  // 0: this process

  const acre::process_migration none = acre::move_process(0, {nodes.first()}, {nodes.first()});
  require(none.moves.empty(), "pages that are where they shall be stay");
}

void restrict_this_process() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  std::error_code ec;
  const acre::node_set allowed = acre::restrict_process(0, nodes, ec);  // 0: this process
  if (!ec) std::cout << "may use nodes " << allowed << '\n';
  if (ec == acre::errc::group_shared) std::cout << "others would be restricted, too\n";

  require(ec || allowed == nodes, "what is allowed is what was asked");
}

}  // namespace

int main() {
  everything_this_thread_touches();
  std::cout << "outside: " << acre::current_binding() << '\n';
  require(run_another_program() == 0, "a program runs under a placement");
  look_at_a_process();
  move_this_process();
  restrict_this_process();
}
