#include "cli/acre/where/where_text.hpp"

#include "cli/acre/page_bars.hpp"
#include "cli/common/printable.hpp"
#include "cli/common/text.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace acre_cli {
namespace {

constexpr std::size_t number_width = 9;                     // "1023 MiB"
constexpr std::size_t indent = 2 * (number_width + 1) + 1;  // of names and bars
constexpr std::size_t narrowest = 40;                       // below, lines are cut
constexpr std::size_t narrow = 60;

double percent(std::size_t part, std::size_t all) {
  return all == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(all);
}

// "all on node 2"; "node 0 75%, 2 25%": the fullest first, as many as fit. Never a part of a number.
std::string shares_text(const std::vector<acre::node_pages>& per_node, std::size_t width,
                        const text_style& style) {
  std::vector<acre::node_pages> nodes;
  for (const auto& n : per_node)
    if (n.pages != 0) nodes.push_back(n);
  if (nodes.empty()) return "";
  if (nodes.size() == 1) {
    const std::string number = std::to_string(nodes.front().node);
    for (const std::string_view words : {"all on node ", "node ", ""})
      if (words.size() + number.size() <= width) return std::string(words) + number;
    return "";
  }
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const auto& a, const auto& b) { return a.pages > b.pages; });
  std::size_t all = 0;
  for (const auto& n : nodes) all += n.pages;
  const std::string rest = style.unicode ? ", …" : ", ...";
  std::string text = "node ";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string share =
        fmt::format("{}{} {:.0f}%", i == 0 ? "" : ", ", nodes[i].node, percent(nodes[i].pages, all));
    const std::size_t reserve = i + 1 < nodes.size() ? columns(rest) : 0;
    if (columns(text) + share.size() + reserve > width) return i == 0 ? "" : text + rest;
    text += share;
  }
  return text;
}

std::string beginning_of(std::string_view text, std::size_t width, const text_style& style) {
  if (columns(text) <= width) return std::string(text);
  const std::string_view rest = style.unicode ? "…" : "...";
  return std::string(text.substr(0, fitting(text, width - columns(rest)))) + std::string(rest);
}

class text_writer {
 public:
  text_writer(const where_report& r, const where_text_options& options)
      : x_report(r), x_options(options), x_width(std::max(options.columns, narrowest)) {}

  std::string write() {
    headline();
    if (x_report.state != process_state::has_memory) {
      x_out += wrap(explanation(x_report.state), x_width, 0);
      return first_lines();
    }
    totals();
    mappings();
    return first_lines();
  }

 private:
  const acre::process_binding& binding() const { return x_report.binding; }
  std::string bytes(std::size_t pages) const {
    return acre::format_bytes_rounded(pages * binding().page_size);
  }

  void line(std::string_view text) {
    x_out += text;
    x_out += '\n';
  }

  // Too low a terminal loses the end, never the first lines.
  std::string first_lines() {
    std::string lines = cut_lines(x_out, x_options.columns);
    if (x_options.lines == 0) return lines;
    std::size_t end = 0;
    for (std::size_t n = 0; n < x_options.lines && end < lines.size(); ++n) end = lines.find('\n', end) + 1;
    return lines.substr(0, end);
  }

  std::size_t lines_used() const {
    return static_cast<std::size_t>(std::count(x_out.begin(), x_out.end(), '\n'));
  }

  void headline() {
    const acre::process_binding& b = binding();
    line(shortened(fmt::format("process {}: {}", b.pid, printable(x_report.command)), x_width,
                   x_options.style));
    const std::string policy = b.own ? "'" + b.own->to_string() + "'" : "unknown";
    x_out +=
        wrap(fmt::format("allowed nodes {}, thread policy {}; {} resident in {}", b.allowed_nodes.to_string(),
                         policy, bytes(b.pages()), counted(b.mappings.size(), "mapping")),
             x_width, 0);
    const std::size_t huge = transparent_huge(x_report).value_or(0);
    if (huge != 0)
      x_out += wrap(fmt::format("{} of it in transparent huge pages", acre::format_bytes_rounded(huge)),
                    x_width, 0);
    line("");
  }

  void totals() {
    const bool low = x_options.lines != 0 && x_report.totals.size() + 12 > x_options.lines;
    if (!low || x_report.totals.size() <= 2) {
      x_out += bar_lines(x_report.totals, binding().page_size, x_width, x_options.style);
    } else {
      one_bar_of_totals();
    }
    line("");
  }

  void one_bar_of_totals() {
    line("  " + stacked_bar(x_report.totals, x_width - 4, x_options.style));
    constexpr std::size_t item = 26;
    const std::size_t in_line = (x_width - 1) / item;
    std::string text;
    for (std::size_t i = 0; i < x_report.totals.size(); ++i) {
      const auto& [node, pages] = x_report.totals[i];
      const std::string key = stacked_bar(std::vector<acre::node_pages>{{node, 1}}, 1, x_options.style);
      text += fmt::format("{}{} node {:<4}{:>9} {:>3.0f}%", i % in_line == 0 ? "  " : " ", key, node,
                          bytes(pages), percent(pages, binding().pages()));
      if (i % in_line == in_line - 1 || i + 1 == x_report.totals.size()) line(std::exchange(text, {}));
    }
  }

  std::size_t shown() const {
    const std::size_t all = binding().mappings.size();
    std::size_t most = x_options.top == 0 ? all : std::min(x_options.top, all);
    if (x_options.lines == 0) return most;
    const std::size_t around = lines_used() + 2;  // the head of the list, and what is left out
    return std::min(most, x_options.lines > around ? (x_options.lines - around) / 2 : 0);
  }

  void mappings() {
    const auto& all = binding().mappings;
    const std::size_t count = shown();
    if (!all.empty()) {
      constexpr std::string_view right = "policy";
      line(fmt::format("{:>{}} {:>{}}  ", "resident", number_width, "size", number_width) +
           padded("mapping", x_width - indent - right.size()) + std::string(right));
    }
    for (std::size_t i = 0; i < count; ++i) mapping(all[i]);
    if (count == all.size()) return;
    const mapping_sum rest = sum_of(std::span(all).subspan(count));
    const std::string more = "in " + counted(rest.mappings, "more mapping");
    const std::size_t before = indent + more.size() <= x_width ? indent : number_width + 1;
    line(fmt::format("{:>{}}{:{}}{}", bytes(rest.pages), number_width, "", before - number_width, more));
  }

  void mapping(const acre::process_mapping& m) {
    const std::string policy = beginning_of(
        printable(m.kernel_policy), std::min<std::size_t>(28, (x_width - indent) / 2), x_options.style);
    const std::size_t room = x_width - indent - columns(policy) - 2;
    const std::string size = size_of(m) == 0 ? "?" : acre::format_bytes_rounded(size_of(m));
    line(fmt::format("{:>{}} {:>{}}  {}  {}", bytes(m.pages()), number_width, size, number_width,
                     padded(shortened(label_of(m), room, x_options.style), room), policy));
    const std::string pages = page_words(x_report, m);
    if (m.pages() != 0) {
      const std::size_t before = x_width < narrow ? 2 : indent;
      const std::size_t bar = (x_width - before) / 2 - 9;
      const std::size_t shares = x_width - before - bar - 2 - columns(pages) - 2;
      line(std::string(before, ' ') + stacked_bar(m.per_node, bar, x_options.style) + "  " +
           padded(shares_text(m.per_node, shares, x_options.style), shares) + "  " + pages);
    } else if (m.hugetlb) {
      line(std::string(indent, ' ') + pages);
    }
  }

  const where_report& x_report;
  const where_text_options& x_options;
  std::size_t x_width;
  std::string x_out;
};

}  // namespace

std::string where_text(const where_report& r, const where_text_options& options) {
  return text_writer(r, options).write();
}

}  // namespace acre_cli
