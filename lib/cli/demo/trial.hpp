// trial: the index and the numbers, built on one placement, looked at, and scanned.
#pragma once

#include "cli/demo/corpus.hpp"
#include "cli/demo/report.hpp"

#include <acre/placement.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace acre_demo {

struct trial {
  acre::placement where;
  std::string meaning;
};

/// What all trials have in common.
struct workload {
  const corpus* text;
  std::size_t index_bytes;  ///< of the arena that holds the index
  std::size_t numbers;      ///< how many doubles
};

/// Builds the index once on the heap, to learn how much it takes; also warms up what the first trial would
/// otherwise pay for alone. Fills in words, positions, index_bytes and number_bytes of `r`.
/// \throws input_error if the text has no words
workload rehearse(const corpus& text, std::size_t number_bytes, report& r);

/// Never throws for what the machine refuses: that is a result.
trial_result run(const trial& t, const workload& work, const acre::topology& machine);

}  // namespace acre_demo
