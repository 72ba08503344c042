// thread_binding, binding_of, move_process, restrict_process: memory that acre does not map, and whole
// processes.
#include <acre/acre.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <iostream>
#include <iterator>
#include <thread>
#include <vector>

#include "require.hpp"

namespace {

void everything_this_thread_touches(acre::node_id node) {
  std::vector<char> data;
  {
    const acre::thread_binding scope(acre::placement::bind({node}));
    data.resize(1 << 20, 1);                       // malloc knows nothing of nodes; the thread's policy does
    std::thread([&data] { data[0] = 2; }).join();  // threads started here inherit it
    std::cout << "inside: " << acre::current_binding() << '\n';
  }
  std::cout << "outside: " << acre::current_binding() << '\n';
  const acre::residency where = acre::locate(data.data(), data.size());
  require(where.on(node) + 1 >= where.resident(),
          "all but perhaps the first page are new and lie on the node");
}

int run_under(const acre::placement& where, const char* program) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      const acre::thread_binding scope(where);
      execlp(program, program, nullptr);  // keeps the policy
    } catch (const acre::failure& f) {
      std::cerr << f.what() << '\n';
    }
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

void move_this_process(const acre::node_set& from, const acre::node_set& to) {
  acre::move_options options;
  options.progress = [](const acre::process_move&, std::size_t number, std::size_t count) {
    std::cout << number << " of " << count << '\n';
  };
  const acre::process_migration done = acre::move_process(0, from, to, options);
  std::cout << done << '\n';
  require(from != to || done.moves.empty(), "pages that are where they shall be stay");
}

void restrict_to(int pid, const acre::node_set& nodes) {
  std::error_code ec;
  const acre::node_set allowed = acre::restrict_process(pid, nodes, ec);
  if (!ec) std::cout << "may use nodes " << allowed << '\n';
  if (ec == acre::errc::group_shared) std::cout << "others would be restricted, too\n";
  require(ec || allowed == nodes, "what is allowed is what was asked");
}

}  // namespace

int main() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  const acre::node_id last = *std::next(nodes.begin(), static_cast<std::ptrdiff_t>(nodes.size()) - 1);
  everything_this_thread_touches(last);
  require(run_under(acre::placement::interleave(nodes), "true") == 0, "a program runs under a placement");
  look_at_a_process();
  move_this_process({nodes.first()}, {last});
  restrict_to(0, nodes);
}
