#include "cli/demo/bars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace acre_demo {

bar_lengths bar_of(const trial_result& trial, const node_share& share, double full, double least) {
  std::size_t most = 1;
  for (const auto& s : trial.shares) most = std::max(most, s.pages());
  const auto length = [&](std::size_t pages) {
    if (pages == 0) return 0.0;
    return std::max(least, full * static_cast<double>(pages) / static_cast<double>(most));
  };
  bar_lengths bar{length(share.index_pages), length(share.number_pages)};
  const double over = bar.index + bar.numbers - full;
  if (over > 0) (bar.index > bar.numbers ? bar.index : bar.numbers) -= over;
  return bar;
}

std::string text_bar(const trial_result& trial, const node_share& share, std::size_t width, bool unicode) {
  const auto bar = bar_of(trial, share, static_cast<double>(width), 1);
  const auto both = std::min(width, static_cast<std::size_t>(std::lround(bar.index + bar.numbers)));
  const auto index = std::min(both, static_cast<std::size_t>(std::lround(bar.index)));
  return repeat(unicode ? "█" : "#", index) + repeat(unicode ? "▒" : "=", both - index) +
         repeat(" ", width - both);
}

}  // namespace acre_demo
