// A map with plain pointers in a segment: one process builds it, others read it at the same address.
#include <acre/acre.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <map>
#include <memory_resource>
#include <string>

#include "require.hpp"

using namespace acre::literals;

namespace {

using dictionary = std::pmr::map<int, std::pmr::string>;

/// Another process. It finds the map by the heap's root. It may read, but must not change the map: that holds a
/// pointer to its maker's memory_resource object, which is not here.
int read(const char* name) {
  acre::shared_segment segment = acre::shared_segment::open(name, {.at = acre::attach_at::creator_address});
  const acre::segment_resource heap(segment.data(), segment.size());
  const auto* const words = static_cast<const dictionary*>(heap.root());
  require(words->size() == 1000, "all entries are there");
  std::cout << "entry 500: " << words->at(500) << '\n';
  return words->at(500) == "the entry of number 500" ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) return read(argv[1]);

  const std::string name = "acre-words-" + std::to_string(getpid());
  acre::shared_segment segment = acre::shared_segment::create(
      name, 4_MiB, acre::placement::interleave(acre::topology::system().default_nodes()));
  acre::segment_resource heap(segment.data(), segment.size());

  std::pmr::polymorphic_allocator<> allocator(&heap);
  auto* const words = allocator.new_object<dictionary>();  // the map itself lies in the segment, too
  for (int i = 0; i < 1000; ++i) words->emplace(i, "the entry of number " + std::to_string(i));
  heap.set_root(words);

  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "segment_pointers", name.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  acre::shared_segment::remove(name);
  require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the other process reads it");
  require(segment.check().ok(), "every node of the map lies where the placement says");

  allocator.delete_object(words);
  require(heap.blocks() == 0, "all blocks are given back");
}
