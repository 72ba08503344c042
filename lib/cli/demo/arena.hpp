// arena: a resource that passes requests on and remembers its live blocks, so that each can be checked later.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <vector>

namespace acre_demo {

struct block {
  void* p;
  std::size_t bytes;
};

class recording_resource final : public std::pmr::memory_resource {
 public:
  explicit recording_resource(std::pmr::memory_resource& upstream) : x_upstream(&upstream) {}

  const std::vector<block>& blocks() const noexcept { return x_blocks; }
  /// Bytes asked for, at the most so far.
  std::size_t peak() const noexcept { return x_peak; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::pmr::memory_resource* x_upstream;
  std::vector<block> x_blocks;
  std::size_t x_live = 0;
  std::size_t x_peak = 0;
};

/// Adds up what a std::pmr::monotonic_buffer_resource would be asked for, which never gives anything back
/// before its end.
class counting_resource final : public std::pmr::memory_resource {
 public:
  /// Bytes, alignment gaps included, that hold everything in one block.
  std::size_t bytes() const noexcept { return x_bytes; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::size_t x_bytes = 0;
};

}  // namespace acre_demo
