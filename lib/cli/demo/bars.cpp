#include "cli/demo/bars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace acre_demo {
namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Bytes of the longest start of `text` that takes at most `width` columns.
std::size_t fitting(std::string_view text, std::size_t width) {
  std::size_t bytes = 0;
  for (std::size_t used = 0; bytes < text.size(); ++bytes)
    if (!continues(text[bytes]) && ++used > width) break;
  return bytes;
}

}  // namespace

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

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  const std::size_t room = width > indent ? width - indent : 1;
  std::string lines;
  while (!text.empty()) {
    std::size_t end = fitting(text, room);
    if (end < text.size()) {
      const std::size_t space = text.substr(0, end + 1).rfind(' ');
      if (space != std::string_view::npos && space > 0) end = space;
    }
    lines += std::string(indent, ' ');
    lines += text.substr(0, end);
    lines += '\n';
    text.remove_prefix(end);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  return lines;
}

}  // namespace acre_demo
