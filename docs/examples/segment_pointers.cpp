// A map with plain pointers in a segment: one process builds it, others read it at the same address.
#include <acre/acre.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <map>
#include <memory_resource>
#include <string>

#include "require.hpp"

namespace {

/// Another process, a child of the maker. It finds the map by the heap's root. It may read, but must not change the
/// map: that holds a pointer to its maker's memory_resource object, which is not here.
void read() {
  using dictionary = std::pmr::map<int, std::pmr::string>;
  const std::string name = "words-" + std::to_string(getppid());
  acre::shared_segment segment = acre::shared_segment::open(name, {.at = acre::attach_at::creator_address});
  const acre::segment_resource heap(segment.data(), segment.size());
  const auto* const words = static_cast<const dictionary*>(heap.root());
  std::cout << words->at(500) << '\n';

  require(words->size() == 1000 && words->at(500) == "the entry of number 500", "all entries are there");
}

/// Runs this program again, and waits.
int run_reader() {
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "segment_pointers", "read", nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

void make() {
  using dictionary = std::pmr::map<int, std::pmr::string>;
  const std::string name = "words-" + std::to_string(getpid());
  acre::shared_segment segment = acre::shared_segment::create(name, 4 << 20, acre::placement::local());
  acre::segment_resource heap(segment.data(), segment.size());

  std::pmr::polymorphic_allocator<> allocator(&heap);
  auto* const words = allocator.new_object<dictionary>();  // the map itself lies in the segment, too
  for (int i = 0; i < 1000; ++i) words->emplace(i, "the entry of number " + std::to_string(i));
  heap.set_root(words);

  const int status = run_reader();
  acre::shared_segment::remove(name);
  require(status == 0, "the other process reads it");
  require(segment.check().ok(), "every node of the map lies where the placement says");

  allocator.delete_object(words);
  require(heap.blocks() == 0, "all blocks are given back");
}

}  // namespace

int main(int argc, char**) {
  if (argc == 2) {
    read();
  } else {
    make();
  }
}
