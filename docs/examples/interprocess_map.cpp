// A map that two processes change, each with the segment at an address of its own: Boost.Interprocess on a placed
// segment.
#include <acre/acre.hpp>

#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/containers/map.hpp>
#include <boost/interprocess/indexes/iset_index.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <iostream>
#include <string>
#include <utility>

#include "require.hpp"

using namespace acre::literals;
namespace ipc = boost::interprocess;

namespace {

// managed_external_buffer with locks between processes in its heap; offset_ptr is its pointer.
using buffer =
    ipc::basic_managed_external_buffer<char, ipc::rbtree_best_fit<ipc::mutex_family, ipc::offset_ptr<void>>,
                                       ipc::iset_index>;
using entry = std::pair<const int, long>;
using squares_map = ipc::map<int, long, std::less<int>, ipc::allocator<entry, buffer::segment_manager>>;

constexpr int count = 1000;

void add(buffer& memory, int first) {
  squares_map* const squares = memory.find<squares_map>("squares").first;
  auto* const mutex = memory.find<ipc::interprocess_mutex>("lock").first;
  for (int i = first; i < count; i += 2) {
    const ipc::scoped_lock<ipc::interprocess_mutex> lock(*mutex);
    squares->emplace(i, static_cast<long>(i) * i);
  }
}

/// The other process adds the odd numbers.
int add_odd(const char* name) {
  acre::shared_segment segment = acre::shared_segment::open(name);
  require(!segment.at_creator_address(), "it lies elsewhere here, and that does no harm");
  buffer memory(ipc::open_only, segment.data(), segment.size());
  add(memory, 1);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) return add_odd(argv[1]);

  const std::string name = "acre-map-" + std::to_string(getpid());
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::shared_segment segment = acre::shared_segment::create(name, 4_MiB, acre::placement::bind(nodes));
  buffer memory(ipc::create_only, segment.data(), segment.size());
  memory.construct<ipc::interprocess_mutex>("lock")();
  const squares_map& squares =
      *memory.construct<squares_map>("squares")(std::less<int>(), memory.get_segment_manager());

  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "interprocess_map", name.c_str(), nullptr);
    _exit(127);
  }
  add(memory, 0);
  int status = 0;
  waitpid(child, &status, 0);
  acre::shared_segment::remove(name);

  require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the other process is done");
  require(squares.size() == count, "both have added theirs");
  for (const auto& [number, square] : squares)
    require(square == static_cast<long>(number) * number, "and right");
  require(segment.check().ok(), "all of it lies on its nodes");
  std::cout << squares.size() << " squares: " << segment.resident() << '\n';
}
