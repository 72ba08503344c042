// Put a std::map into shared memory.
#include <acre/segment_resource.hpp>
#include <acre/shared_segment.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <memory_resource>
#include <string>

int main() {
  const acre::placement where = acre::placement::interleave(acre::topology::system().default_nodes());
  acre::shared_segment segment =
      acre::shared_segment::create("stock", 1 << 20, where, {.backend = acre::segment_backend::memfd});
  acre::segment_resource heap(segment.data(), segment.size());

  using stock_map = std::pmr::map<int, std::pmr::string>;
  stock_map& stock = *std::pmr::polymorphic_allocator<>(&heap).new_object<stock_map>();
  stock[1] = "a text that is too long to lie inside the string object";

  const pid_t child = fork();  // has the segment, and the object heap, at the same addresses
  if (child == 0) {
    stock[2] = stock[1];
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);  // the map has no lock: one process at a time
  return status == 0 && stock.size() == 2 && segment.check().ok() ? 0 : 1;
}
