// plain_memory: memory that goes by the policy of the thread that touches it.
#pragma once

#include <sys/mman.h>

#include <cstddef>

#include "support/kernel.hpp"
#include "support/require.hpp"

namespace acre::test {

/// Private memory of base pages without a policy of its own.
class plain_memory {
 public:
  explicit plain_memory(std::size_t bytes = 64 * base_page()) : x_bytes(bytes) {
    x_data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(x_data != MAP_FAILED, "mmap");
    madvise(x_data, bytes, MADV_NOHUGEPAGE);
  }
  ~plain_memory() { munmap(x_data, x_bytes); }
  plain_memory(const plain_memory&) = delete;
  plain_memory& operator=(const plain_memory&) = delete;
  void* data() const { return x_data; }
  std::size_t size() const { return x_bytes; }

 private:
  std::size_t x_bytes;
  void* x_data;
};

}  // namespace acre::test
