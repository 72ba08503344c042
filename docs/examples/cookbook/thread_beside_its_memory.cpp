// Keep a thread beside its memory.
#include <acre/locate.hpp>
#include <acre/thread_binding.hpp>

#include <sched.h>

#include <iostream>
#include <thread>
#include <vector>

int main() {
  const acre::topology& machine = acre::topology::system();
  const acre::node_id node = machine.local_nodes().first();  // or the one you want
  bool near = false;

  std::thread worker([&] {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    for (unsigned cpu : machine.cpus(node)) CPU_SET(cpu, &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus);  // an error where the node has no CPUs: it runs anywhere then
    const acre::thread_binding scope(acre::placement::prefer({node}));

    std::vector<char> data(8 << 20, 'x');  // malloc's, or any library's
    const acre::residency where = acre::locate(data.data(), data.size());
    std::cout << scope.policy() << ": " << where << '\n';
    near = where.on(node) + 1 >= where.pages;  // the first page may be older
  });
  worker.join();
  return near ? 0 : 1;
}
