// bars: lengths of bars of two parts, for both reports.
#pragma once

#include "cli/common/text.hpp"
#include "cli/demo/report.hpp"

#include <cstddef>
#include <string>

namespace acre_demo {

using acre_cli::columns;
using acre_cli::repeat;
using acre_cli::wrap;

/// How long the two parts of a node's bar are where `full` is the whole length; the fullest node of the trial
/// has the whole length. A part that is there is at least `least` long.
struct bar_lengths {
  double index = 0;
  double numbers = 0;
};
bar_lengths bar_of(const trial_result& trial, const node_share& share, double full, double least);

/// The bar of a node as text of exactly `width` columns.
std::string text_bar(const trial_result& trial, const node_share& share, std::size_t width, bool unicode);

}  // namespace acre_demo
