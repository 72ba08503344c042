#include "cli/page_bars.hpp"

#include "cli/text.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace acre_cli {
namespace {

// SGR's codes for a node: of the 16 colours, and of the 256 those that people who see few colours tell apart,
// too: about Okabe's and Ito's, then darker ones of the same hues.
constexpr std::array few_colors = {34, 33, 32, 35, 31, 36, 93, 94, 92, 95, 91, 96};
constexpr std::array many_colors = {25, 214, 36, 175, 166, 74, 100, 61, 22, 89, 94, 31};

std::string colored(std::string_view text, acre::node_id node, const text_style& style) {
  const std::size_t i = node % few_colors.size();
  return style.in(style.palette ? fmt::format("38;5;{}", many_colors[i]) : std::to_string(few_colors[i]),
                  text);
}

std::size_t total(std::span<const acre::node_pages> per_node) {
  return std::accumulate(per_node.begin(), per_node.end(), std::size_t{0},
                         [](std::size_t sum, const acre::node_pages& n) { return sum + n.pages; });
}

}  // namespace

std::string stacked_bar(std::span<const acre::node_pages> per_node, std::size_t width,
                        const text_style& style) {
  const std::size_t all = total(per_node);
  if (all == 0) return std::string(width, ' ');
  const auto with_pages = static_cast<std::size_t>(
      std::ranges::count_if(per_node, [](const acre::node_pages& n) { return n.pages != 0; }));
  // One column for each node with pages where there is room, and what is left by their shares.
  const std::size_t least = with_pages <= width ? 1 : 0;
  const double rest = static_cast<double>(width - least * with_pages);
  std::string bar;
  std::size_t begin = 0;
  std::size_t nodes = 0;
  std::size_t pages = 0;
  for (const auto& n : per_node) {
    pages += n.pages;
    nodes += n.pages != 0 ? 1 : 0;
    const double share = static_cast<double>(pages) / static_cast<double>(all);
    const std::size_t end = least * nodes + static_cast<std::size_t>(std::lround(rest * share));
    const std::string text = style.color && style.unicode ? "█" : std::to_string(n.node % 10);
    if (end != begin) bar += colored(repeat(text, end - begin), n.node, style);
    begin = end;
  }
  return bar;
}

std::string bar_lines(std::span<const acre::node_pages> per_node, std::size_t page_size, std::size_t width,
                      const text_style& style) {
  const double all = static_cast<double>(std::max<std::size_t>(1, total(per_node)));
  // "  node N BAR  PAGES  BYTES  100%"; where there is little room the bytes say what the pages say. The
  // widths are enough for most machines and processes, so that nothing is shifted when a process grows.
  constexpr std::size_t least_bar = 4;
  std::size_t taken = 2 + 5 + 4 + 1 + 2 + 9 + 2 + 4;
  std::size_t pages_width = 15;
  for (const auto& n : per_node) pages_width = std::max(pages_width, counted(n.pages, "page").size());
  const bool has_pages = taken + least_bar + pages_width + 2 <= width;
  if (has_pages) taken += pages_width + 2;
  const std::size_t room = std::clamp<std::size_t>(width > taken ? width - taken : 0, least_bar, 60);
  std::string lines;
  for (const auto& n : per_node) {
    const double share = static_cast<double>(n.pages) / all;
    const std::size_t least = n.pages == 0 ? 0 : 1;
    const std::size_t length =
        std::max(least, static_cast<std::size_t>(std::lround(static_cast<double>(room) * share)));
    lines += fmt::format("  node {:<4} {}{:{}}", n.node,
                         colored(repeat(style.block(), length), n.node, style), "", room - length);
    if (has_pages)
      lines += fmt::format("  {:>{}}", counted(n.pages, "page") + (n.pages == 1 ? " " : ""), pages_width);
    lines +=
        fmt::format("  {:>9}  {:>3.0f}%\n", acre::format_bytes_rounded(n.pages * page_size), 100 * share);
  }
  return cut_lines(lines, width);
}

}  // namespace acre_cli
