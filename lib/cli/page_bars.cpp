#include "cli/page_bars.hpp"

#include "cli/text.hpp"

#include <acre/bytes.hpp>

#include <fmt/color.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace acre_cli {
namespace {

// Told apart by those who see few colours, too (Okabe and Ito; then darker ones of the same hues).
constexpr std::array<std::uint32_t, 12> colors = {0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0xd55e00, 0x56b4e9,
                                                  0x8f7a00, 0x5b4a9c, 0x00614a, 0x8a2f62, 0x7a3600, 0x2f6f94};

std::string colored(std::string text, acre::node_id node, const text_style& style) {
  if (!style.color || text.empty()) return text;
  return fmt::format(fmt::fg(fmt::rgb(colors[node % colors.size()])), "{}", text);
}

std::size_t total(std::span<const acre::node_pages> per_node) {
  return std::accumulate(per_node.begin(), per_node.end(), std::size_t{0},
                         [](std::size_t sum, const acre::node_pages& n) { return sum + n.pages; });
}

/// Where the stretches end: one column for each node with pages where there is room, and what is left by their shares.
std::vector<std::size_t> ends_of_stretches(std::span<const acre::node_pages> per_node, std::size_t width) {
  const auto with_pages = static_cast<std::size_t>(
      std::ranges::count_if(per_node, [](const acre::node_pages& n) { return n.pages != 0; }));
  const std::size_t least = with_pages <= width ? 1 : 0;
  const double rest = static_cast<double>(width - least * with_pages);
  const double all = static_cast<double>(total(per_node));
  std::vector<std::size_t> ends;
  double pages = 0;
  std::size_t columns = 0;
  for (const auto& n : per_node) {
    pages += static_cast<double>(n.pages);
    columns += n.pages != 0 ? least : 0;
    ends.push_back(columns + static_cast<std::size_t>(std::lround(rest * pages / all)));
  }
  return ends;
}

}  // namespace

std::string stacked_bar(std::span<const acre::node_pages> per_node, std::size_t width,
                        const text_style& style) {
  if (total(per_node) == 0) return std::string(width, ' ');
  const std::vector<std::size_t> ends = ends_of_stretches(per_node, width);
  std::string bar;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const acre::node_id node = per_node[i].node;
    const std::string digit(1, static_cast<char>('0' + node % 10));
    bar += colored(repeat(style.color && style.unicode ? "█" : digit, ends[i] - begin), node, style);
    begin = ends[i];
  }
  return bar;
}

std::string bar_lines(std::span<const acre::node_pages> per_node, std::size_t page_size, std::size_t width,
                      const text_style& style) {
  const double all = static_cast<double>(std::max<std::size_t>(1, total(per_node)));
  struct numbers {
    std::string node;
    std::string pages;
    std::string bytes;
  };
  std::vector<numbers> texts;
  // Enough for most machines and processes, so that nothing is shifted when a process grows.
  std::size_t node_width = 4;
  std::size_t pages_width = 15;
  std::size_t bytes_width = 9;
  for (const auto& n : per_node) {
    const numbers& t = texts.emplace_back(numbers{std::to_string(n.node),
                                                  counted(n.pages, "page") + (n.pages == 1 ? " " : ""),
                                                  acre::format_bytes_rounded(n.pages * page_size)});
    node_width = std::max(node_width, t.node.size());
    pages_width = std::max(pages_width, t.pages.size());
    bytes_width = std::max(bytes_width, t.bytes.size());
  }
  // "  node N BAR  PAGES  BYTES  100%"; where there is little room the bytes say what the pages say.
  constexpr std::size_t least_bar = 4;
  std::size_t taken = node_width + bytes_width + 16;
  const bool has_pages = taken + least_bar + pages_width + 2 <= width;
  if (has_pages) taken += pages_width + 2;
  const std::size_t room = std::clamp<std::size_t>(width > taken ? width - taken : 0, least_bar, 60);
  std::string lines;
  for (std::size_t i = 0; i < per_node.size(); ++i) {
    const auto& n = per_node[i];
    const double share = static_cast<double>(n.pages) / all;
    auto length = static_cast<std::size_t>(std::lround(static_cast<double>(room) * share));
    if (n.pages != 0) length = std::max<std::size_t>(1, length);
    lines += fmt::format("  node {:<{}} {}{}", texts[i].node, node_width,
                         colored(repeat(style.unicode ? "█" : "#", length), n.node, style),
                         std::string(room - length, ' '));
    if (has_pages) lines += fmt::format("  {:>{}}", texts[i].pages, pages_width);
    lines += fmt::format("  {:>{}}  {:>3.0f}%\n", texts[i].bytes, bytes_width, 100 * share);
  }
  return cut_lines(lines, width);
}

}  // namespace acre_cli
