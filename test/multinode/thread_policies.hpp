// thread_policies: what tests of thread_binding share: memory that goes by the thread's policy, and where its
// pages must lie.
#pragma once

#include <sys/mman.h>
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <vector>

#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
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

inline int number(mpol mode) { return static_cast<int>(mode); }

/// Needs two usable nodes. Every test runs in a child: policies end with it.
struct nodes_for_threads {
  std::vector<unsigned> usable = usable_list();
  unsigned first = usable.front();
  unsigned last = usable.back();
  nodes all = usable_nodes();

  static void expect_touched_on(unsigned node) {
    const plain_memory memory;
    touch(memory.data(), memory.size());
    expect_all_on(node, memory.data(), memory.size());
  }

  /// From a CPU of each node in turn, every page lies on the nearest of `wanted` to it.
  static void expect_touched_nearest(const nodes& wanted) {
    const plain_memory memory;
    touch_in_turn(memory.data(), memory.size(), base_page());
    const std::vector<int> found = page_nodes(memory.data(), memory.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      const unsigned toucher = toucher_of(i);
      BOOST_TEST_CONTEXT("page " << i << " from node " << toucher) {
        BOOST_TEST_REQUIRE(found[i] >= 0);
        BOOST_TEST_REQUIRE(nearest(toucher, wanted).contains(static_cast<unsigned>(found[i])),
                           "it lies on " << found[i]);
      }
    }
  }
};

}  // namespace acre::test
