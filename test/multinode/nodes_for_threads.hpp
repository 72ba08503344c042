// nodes_for_threads: what tests of thread_binding share: nodes, and where pages must lie that a thread touches.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <vector>

#include "multinode/plain_memory.hpp"
#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "multinode/verify.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {

inline int number(mpol mode) { return static_cast<int>(mode); }

/// Every test runs in a child: policies end with it.
struct nodes_for_threads : two_nodes {
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
                           "it lies on node " << found[i]);
      }
    }
  }
};

}  // namespace acre::test
