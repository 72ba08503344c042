// A buffer that stays in memory, for a GPU's or a network card's library to register.
#include <acre/area.hpp>
#include <acre/topology.hpp>

#include <sys/mman.h>

#include <fstream>
#include <iostream>
#include <memory_resource>
#include <string>
#include <vector>

#include "../require.hpp"

namespace {

/// What the kernel has locked of this process.
long locked_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "VmLck:") {
  }
  long kib = 0;
  status >> kib;
  return kib;
}

}  // namespace

int main() {
  char byte = 0;
  mlock(&byte, 1);
  const bool locks = locked_kib() != 0;  // not with sanitizers, whose mlock() does nothing
  munlock(&byte, 1);

  // Of a device: what /sys/class/net/eth0/device/numa_node says.
  const acre::node_id node = acre::topology::system().local_nodes().first();
  acre::area pages(acre::placement::prefer({node}),
                   {.commit = acre::commit::eager, .lock = acre::page_lock::on});
  std::pmr::vector<char> buffer(&pages);
  try {
    buffer.resize(32 << 10);  // and now the device's library may have buffer.data()
  } catch (const acre::allocation_error& e) {
    if (e.code() != acre::errc::lock_limit) throw;
    std::cerr << e.what() << '\n';
  }

  if (buffer.empty()) return 0;
  require(pages.check_block(buffer.data(), buffer.size()).ok(), "the buffer is near");
  require(!locks || locked_kib() >= 32, "and locked");
}
