// Work on an array in pieces.
#include <acre/locate.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/topology.hpp>

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <span>
#include <thread>
#include <vector>

int main() {
  const acre::topology& machine = acre::topology::system();
  const std::vector<unsigned>& cpus = machine.cpus();
  const std::size_t length = 10'000;  // of a piece
  std::vector<double, acre::first_touch_allocator<double>> v(cpus.size() * length, acre::placement::local());
  std::atomic<bool> near = true;

  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i != cpus.size(); ++i) {
    threads.emplace_back([&, piece = std::span(v).subspan(i * length, length), cpu = cpus[i]] {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      sched_setaffinity(0, sizeof one, &one);  // the thread stays on its CPU
      std::ranges::fill(piece, 1.0);           // the first touch
      const acre::residency where = acre::locate(piece.data(), piece.size_bytes());
      const std::size_t here = where.on(machine.local_nodes().first());
      if (here + 2 < where.pages) near = false;  // the pages at both ends are shared
    });
  }
  threads.clear();  // joins
  return near ? 0 : 1;
}
