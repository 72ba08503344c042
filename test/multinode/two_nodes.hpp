// two_nodes: the nodes that tests of several tell apart.
#pragma once

#include <vector>

#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {

/// Needs two usable nodes; where there are no more, `second` and `last` are one.
struct two_nodes {
  std::vector<unsigned> usable = usable_list();
  unsigned first = usable.at(0);
  unsigned second = usable.at(1);
  unsigned last = usable.back();
  nodes all = usable_nodes();
};

}  // namespace acre::test
