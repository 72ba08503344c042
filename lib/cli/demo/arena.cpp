#include "cli/demo/arena.hpp"

#include <algorithm>
#include <iterator>

namespace acre_demo {

void* recording_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  x_blocks.reserve(x_blocks.size() + 1);
  void* p = x_upstream->allocate(bytes, alignment);
  x_blocks.push_back({p, bytes});
  x_live += bytes;
  x_peak = std::max(x_peak, x_live);
  return p;
}

void recording_resource::do_deallocate(void* p, std::size_t bytes, std::size_t alignment) {
  const auto same = [p](const block& b) { return b.p == p; };
  const auto newest = std::find_if(x_blocks.rbegin(), x_blocks.rend(), same);
  if (newest != x_blocks.rend()) x_blocks.erase(std::prev(newest.base()));
  x_live -= bytes;
  x_upstream->deallocate(p, bytes, alignment);
}

void* counting_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  x_bytes = (x_bytes + alignment - 1) / alignment * alignment + bytes;
  return std::pmr::new_delete_resource()->allocate(bytes, alignment);
}

void counting_resource::do_deallocate(void* p, std::size_t bytes, std::size_t alignment) {
  std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
}

}  // namespace acre_demo
