// full_node: the nodes of shape tiny that tests fill, and a process beside them that must not pay for it.
#pragma once

#include <acre/bytes.hpp>

#include <boost/test/unit_test.hpp>

#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {

/// Nodes of shape tiny: node 0 has 640 MiB, node 2 has 64 MiB and no CPU.
constexpr unsigned roomy = 0;
constexpr unsigned small = 2;

/// A fixture. A process beside the test has memory on the roomy node, and nothing must happen to it.
struct innocent_neighbour {
  /// From a CPU of another node the innocent process might take its memory from the small one.
  const pinned there{one_cpu_per_node().at(roomy)};
  innocent_process beside{50_MiB};

  void teardown() { BOOST_TEST(beside.alive()); }
};

}  // namespace acre::test
