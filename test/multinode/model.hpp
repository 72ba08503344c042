// model: what each placement means for each page, said a second time, simply, for the nodes of this machine.
#pragma once

#include <acre/placement.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "support/kernel.hpp"

namespace acre::test {

/// A page of an allocation, in the allocation's own page size.
struct unit {
  std::size_t index;
  std::size_t count;
  std::optional<unsigned> toucher;  ///< the node of the CPU that touched it; nothing: the library did
};

struct expectation {
  placement where;
  /// The nodes the unit may lie on.
  std::function<nodes(const unit&)> lies;
  /// The policies the kernel may have for the unit.
  std::function<std::vector<kernel_policy>(const unit&)> installed;
  /// Every one of these nodes has the same count of units, but for one.
  nodes even;
  /// So many units follow the first of them; 0: each for itself.
  std::size_t together = 0;
  /// Its pages were made before anybody had them: hard memory may then be under one policy for all nodes.
  bool made = false;
};

/// The machine as the samples see it: usable nodes in order, at least one.
using sample_maker = std::function<expectation(const std::vector<unsigned>& usable, std::size_t page_size)>;

struct sample {
  std::string name;
  sample_maker make;
};

/// One for each strategy and form of it; the same list on every machine, with fewer nodes where there are fewer.
const std::vector<sample>& samples();

/// The placements' names are test names.
inline std::ostream& operator<<(std::ostream& out, const sample& s) { return out << s.name; }

}  // namespace acre::test
