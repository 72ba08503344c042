#include "cli/acre/page_bars.hpp"

#include "cli/common/text.hpp"

#include <acre/bytes.hpp>

#include <fmt/color.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <vector>

namespace acre_cli {
namespace {

// Told apart by those who see few colours, too (Okabe and Ito; then darker ones of the same hues).
constexpr std::array<std::string_view, 12> colors = {"#0072b2", "#e69f00", "#009e73", "#cc79a7",
                                                     "#d55e00", "#56b4e9", "#8f7a00", "#5b4a9c",
                                                     "#00614a", "#8a2f62", "#7a3600", "#2f6f94"};

std::string colored(std::string text, acre::node_id node, const text_style& style) {
  if (!style.color || text.empty()) return text;
  const std::string_view color = node_color(node).substr(1);
  std::uint32_t value = 0;
  std::from_chars(color.data(), color.data() + color.size(), value, 16);
  return fmt::format(fmt::fg(fmt::rgb(value)), "{}", text);
}

std::size_t total(std::span<const acre::node_pages> per_node) {
  return std::accumulate(per_node.begin(), per_node.end(), std::size_t{0},
                         [](std::size_t sum, const acre::node_pages& n) { return sum + n.pages; });
}

/// Shares of `width` that add up to it: the largest remainders are rounded up, and who has anything has one column.
std::vector<std::size_t> shares(std::span<const acre::node_pages> per_node, std::size_t width) {
  std::vector<std::size_t> widths;
  const std::size_t all = total(per_node);
  for (const auto& n : per_node) {
    const double exact = static_cast<double>(width) * static_cast<double>(n.pages) / static_cast<double>(all);
    widths.push_back(n.pages == 0 ? 0 : std::max<std::size_t>(1, static_cast<std::size_t>(exact)));
  }
  for (;;) {
    const std::size_t used = std::accumulate(widths.begin(), widths.end(), std::size_t{0});
    if (used == width) return widths;
    const auto excess = [&](std::size_t i) {
      return static_cast<double>(widths[i]) -
             static_cast<double>(width) * static_cast<double>(per_node[i].pages) / static_cast<double>(all);
    };
    // A stretch of one column goes only when nothing else is left.
    const bool spare = std::any_of(widths.begin(), widths.end(), [](std::size_t w) { return w > 1; });
    std::size_t chosen = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (used > width && (spare ? widths[i] < 2 : widths[i] == 0)) continue;
      const bool better =
          chosen == widths.size() || (used > width ? excess(i) > excess(chosen) : excess(i) < excess(chosen));
      if (better) chosen = i;
    }
    used > width ? --widths[chosen] : ++widths[chosen];
  }
}

}  // namespace

std::string_view node_color(acre::node_id node) noexcept { return colors[node % colors.size()]; }

std::string stacked_bar(std::span<const acre::node_pages> per_node, std::size_t width,
                        const text_style& style) {
  if (total(per_node) == 0) return std::string(width, ' ');
  const std::vector<std::size_t> widths = shares(per_node, width);
  std::string bar;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const acre::node_id node = per_node[i].node;
    const std::string digit(1, static_cast<char>('0' + node % 10));
    bar += colored(repeat(style.color && style.unicode ? "█" : digit, widths[i]), node, style);
  }
  return bar;
}

std::string bar_lines(std::span<const acre::node_pages> per_node, std::size_t page_size, std::size_t width,
                      const text_style& style) {
  const std::size_t all = std::max<std::size_t>(1, total(per_node));
  struct numbers {
    std::string node;
    std::string pages;
    std::string bytes;
  };
  std::vector<numbers> texts;
  // Of most machines and processes, so that lines stay where they are when a process grows.
  numbers widest{"1000", std::string(19, ' '), "1023 MiB "};
  const auto widen = [](std::string& to, const std::string& text) {
    if (columns(text) > columns(to)) to = text;
  };
  for (const auto& n : per_node) {
    texts.push_back({std::to_string(n.node), counted(n.pages, "page") + (n.pages == 1 ? " " : ""),
                     acre::format_bytes_rounded(n.pages * page_size)});
    widen(widest.node, texts.back().node);
    widen(widest.pages, texts.back().pages);
    widen(widest.bytes, texts.back().bytes);
  }
  // "  node N BAR  PAGES  BYTES  100%"; where there is little room the bytes say what the pages say.
  constexpr std::size_t least_bar = 4;
  const std::size_t around = columns(widest.node) + columns(widest.bytes) + 16;
  const bool has_pages = around + least_bar + columns(widest.pages) + 2 <= width;
  const std::size_t taken = around + (has_pages ? columns(widest.pages) + 2 : 0);
  const std::size_t room = std::clamp<std::size_t>(width > taken ? width - taken : 0, least_bar, 60);
  std::string lines;
  for (std::size_t i = 0; i < per_node.size(); ++i) {
    const auto& n = per_node[i];
    const double share = static_cast<double>(n.pages) / static_cast<double>(all);
    auto length = static_cast<std::size_t>(static_cast<double>(room) * share + 0.5);
    if (n.pages != 0) length = std::max<std::size_t>(1, length);
    lines += fmt::format("  node {:<{}} {}{}", texts[i].node, columns(widest.node),
                         colored(repeat(style.unicode ? "█" : "#", length), n.node, style),
                         std::string(room - length, ' '));
    if (has_pages) lines += fmt::format("  {:>{}}", texts[i].pages, columns(widest.pages));
    lines += fmt::format("  {:>{}}  {:>3.0f}%\n", texts[i].bytes, columns(widest.bytes), 100 * share);
  }
  return cut_lines(lines, width);
}

}  // namespace acre_cli
