// A map that two processes change, each with the segment at an address of its own: Boost.Interprocess on a placed
// segment.
#include "require.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include <acre/acre.hpp>

#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/containers/map.hpp>
#include <boost/interprocess/indexes/iset_index.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>

#include <functional>
#include <utility>

namespace ipc = boost::interprocess;

// managed_external_buffer with locks between processes in its heap; offset_ptr is its pointer.
using buffer =
    ipc::basic_managed_external_buffer<char, ipc::rbtree_best_fit<ipc::mutex_family, ipc::offset_ptr<void>>,
                                       ipc::iset_index>;
using entry = std::pair<const int, long>;
using squares_map = ipc::map<int, long, std::less<int>, ipc::allocator<entry, buffer::segment_manager>>;

/// Makes an empty map in a new segment.
void make(acre::shared_segment& segment) {
  buffer memory(ipc::create_only, segment.data(), segment.size());
  memory.construct<ipc::interprocess_mutex>("lock")();
  memory.construct<squares_map>("squares")(std::less<int>(), memory.get_segment_manager());
}

/// Adds every other number to it, in any process, wherever the segment lies there.
void add(acre::shared_segment& segment, int first) {
  buffer memory(ipc::open_only, segment.data(), segment.size());
  auto* const squares = memory.find<squares_map>("squares").first;
  auto* const mutex = memory.find<ipc::interprocess_mutex>("lock").first;
  for (int i = first; i < 1000; i += 2) {
    const ipc::scoped_lock<ipc::interprocess_mutex> lock(*mutex);
    squares->emplace(i, static_cast<long>(i) * i);
  }
}

/// The other process adds the odd numbers.
int add_odd(const char* name) {
  acre::shared_segment segment = acre::shared_segment::open(name);
  require(!segment.at_creator_address(), "it lies elsewhere here, and that does no harm");
  add(segment, 1);
  return 0;
}

int main(int argc, char** argv) {
  if (argc == 2) return add_odd(argv[1]);

  const std::string name = "squares-" + std::to_string(getpid());
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::shared_segment segment = acre::shared_segment::create(name, 4 << 20, acre::placement::bind(nodes));
  make(segment);

  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "interprocess_map", name.c_str(), nullptr);
    _exit(127);
  }
  add(segment, 0);
  int status = 0;
  waitpid(child, &status, 0);
  acre::shared_segment::remove(name);
  require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the other process is done");

  buffer memory(ipc::open_only, segment.data(), segment.size());
  const squares_map& squares = *memory.find<squares_map>("squares").first;
  require(squares.size() == 1000, "both have added theirs");
  for (const auto& [number, square] : squares)
    require(square == static_cast<long>(number) * number, "and right");
  require(segment.check().ok(), "all of it lies on its nodes");
  std::cout << squares.size() << " squares: " << segment.resident() << '\n';
}
