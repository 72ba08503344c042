#include "cli/where/where_views.hpp"

#include "cli/page_bars.hpp"
#include "cli/printable.hpp"
#include "cli/text.hpp"

#include <acre/bytes.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

namespace acre_cli {
namespace {

constexpr std::size_t number_width = 9;    // "1023 MiB"
constexpr std::size_t address_width = 29;  // 56 bits, and a dash between two
constexpr std::size_t narrowest = 40;      // below, lines are cut
constexpr std::size_t wide = 72;           // room for size, policy and addresses in one line

double percent(std::size_t part, std::size_t all) {
  return all == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(all);
}

// "all on node 2"; "node 0 75%, 2 25%": the fullest first, as many as fit. Never a part of a number.
std::string shares_text(const acre::process_mapping& m, std::size_t width, const text_style& style) {
  std::vector<acre::node_pages> nodes = m.per_node;
  if (nodes.size() == 1) {
    for (const std::string_view words : {"all on node ", "node ", ""}) {
      std::string text = fmt::format("{}{}", words, nodes.front().node);
      if (text.size() <= width) return text;
    }
    return "";
  }
  std::ranges::stable_sort(nodes, std::ranges::greater(), &acre::node_pages::pages);
  const std::string rest = fmt::format(", {}", style.ellipsis());
  std::string text;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string share = fmt::format("{}{} {:.0f}%", i == 0 ? "node " : ", ", nodes[i].node,
                                          percent(nodes[i].pages, m.pages()));
    const std::size_t reserve = i + 1 < nodes.size() ? columns(rest) : 0;
    if (text.size() + share.size() + reserve > width) return i == 0 ? "" : text + rest;
    text += share;
  }
  return text;
}

class text_writer {
 public:
  text_writer(const where_report& r, const where_text_options& options)
      : x_report(r),
        x_options(options),
        x_width(std::max(options.columns, narrowest)),
        x_is_wide(x_width >= wide) {}

  std::string write() {
    headline();
    if (x_report.state != process_state::has_memory) {
      x_out += wrap(explanation(x_report.state), x_width, 0);
    } else {
      totals();
      mappings();
    }
    return first_lines();
  }

 private:
  const acre::process_binding& binding() const { return x_report.binding; }
  std::string bytes(std::size_t pages) const {
    return acre::format_bytes_rounded(pages * binding().page_size);
  }
  /// With its middle left out where it has no room.
  std::string fitted(const std::string& text, std::size_t room) const {
    return x_options.cut ? shortened(text, room, x_options.style) : text;
  }
  /// Only its beginning where it has no room: that has the mode.
  std::string policy_of(const acre::process_mapping& m, std::size_t room) const {
    std::string text = printable(policy_words(m));
    if (!x_options.cut || columns(text) <= room) return text;
    const std::string_view rest = x_options.style.ellipsis();
    return text.substr(0, fitting(text, room - columns(rest))).append(rest);
  }

  void line(std::string_view text) {
    x_out += text.substr(0, text.find_last_not_of(' ') + 1);
    x_out += '\n';
  }

  // Too low a terminal loses the end, never the first lines.
  std::string first_lines() {
    std::string lines = x_options.cut ? cut_lines(x_out, x_options.columns) : x_out;
    if (x_options.lines == 0) return lines;
    std::size_t end = 0;
    for (std::size_t n = 0; n < x_options.lines && end < lines.size(); ++n) end = lines.find('\n', end) + 1;
    return lines.substr(0, end);
  }

  void headline() {
    const acre::process_binding& b = binding();
    if (x_options.time) {
      const std::time_t seconds = std::chrono::system_clock::to_time_t(x_report.time);
      std::tm local{};  // {fmt} 12 has no localtime any more
      localtime_r(&seconds, &local);
      line(fmt::format("{:%Y-%m-%d %H:%M:%S}", local));
    }
    line(fitted(fmt::format("process {}: {}", b.pid, printable(x_report.command)), x_width));
    std::string facts = fmt::format("allowed nodes {}, thread policy {}; {} resident in {}",
                                    b.allowed_nodes.to_string(), b.own ? b.own->to_string() : "unknown",
                                    bytes(b.pages()), counted(b.mappings.size(), "mapping"));
    if (const std::size_t huge = transparent_huge(x_report).value_or(0); huge != 0)
      facts += fmt::format(", {} of it in transparent huge pages", acre::format_bytes_rounded(huge));
    x_out += wrap(facts, x_width, 0) + '\n';
  }

  void totals() {
    const std::size_t nodes = x_report.totals.size();
    if (x_options.lines != 0 && nodes > 2 && nodes + 12 > x_options.lines)
      one_bar_of_totals();
    else
      x_out += bar_lines(x_report.totals, binding().page_size, x_width, x_options.style);
    x_out += '\n';
  }

  void one_bar_of_totals() {
    line("  " + stacked_bar(x_report.totals, x_width - 4, x_options.style));
    const std::size_t in_line = (x_width - 1) / 26;
    for (std::size_t i = 0; i < x_report.totals.size(); ++i) {
      const auto& [node, pages] = x_report.totals[i];
      const std::string key = stacked_bar(std::vector<acre::node_pages>{{node, 1}}, 1, x_options.style);
      x_out += fmt::format("{} {} node {:<4}{:>9} {:>3.0f}%", i % in_line == 0 ? " " : "", key, node,
                           bytes(pages), percent(pages, binding().pages()));
      if ((i + 1) % in_line == 0 || i + 1 == x_report.totals.size()) x_out += '\n';
    }
  }

  /// How many of the mappings, the largest first, are shown one by one.
  std::size_t shown() const {
    const std::size_t all = binding().mappings.size();
    const std::size_t most = x_options.top == 0 ? all : std::min(x_options.top, all);
    if (x_options.lines == 0) return most;
    const auto used = static_cast<std::size_t>(std::ranges::count(x_out, '\n')) + 2;  // with head and rest
    return std::min(most, x_options.lines > used ? (x_options.lines - used) / (x_is_wide ? 2 : 3) : 0);
  }

  void mappings() {
    const std::span<const acre::process_mapping> all = binding().mappings;
    const auto first = all.first(shown());
    const std::size_t most_policy = x_is_wide ? x_width - 2 * number_width - address_width - 5 : x_width;
    for (const auto& m : first) {
      x_policy_width = std::max(x_policy_width, std::min(columns(policy_words(m)), most_policy));
      x_kind_width = std::max(x_kind_width, page_words(x_report, m).size());
    }
    if (x_is_wide)
      line(fmt::format("{:>9} {:>9}  {:{}}  mapping", "resident", "size", "policy", x_policy_width));
    else
      line(fmt::format("{:>9}  mapping, size, policy", "resident"));
    for (const auto& m : first) mapping(m);
    if (first.size() == all.size()) return;
    const acre::process_mapping rest = sum_of(all.subspan(first.size()));
    line(fmt::format("{:>9}  in {}", bytes(rest.pages()), rest.name));
  }

  void mapping(const acre::process_mapping& m) {
    std::size_t indent = number_width + 2;
    if (x_is_wide) {
      indent += number_width + 1;
      const std::string name = fitted(label_of(m), x_width - indent - x_policy_width - 2);
      line(fmt::format("{:>9} {:>9}  {:{}}  {}", bytes(m.pages()), size_words(m),
                       policy_of(m, x_policy_width), x_policy_width, name));
      return pages_line(m, indent, std::min<std::size_t>((x_width - indent) / 3, 40));
    }
    line(fmt::format("{:>9}  {}", bytes(m.pages()), fitted(label_of(m), x_width - indent)));
    const std::string size = fmt::format("{:{}}of {}, ", "", indent, size_words(m));
    line(size + policy_of(m, x_width - size.size()));
    pages_line(m, 2, x_width / 4);
  }

  /// A bar, the kind of pages, and the shares of the nodes as far as there is room.
  void pages_line(const acre::process_mapping& m, std::size_t indent, std::size_t bar) {
    if (m.pages() == 0 && !m.hugetlb) return;
    const std::size_t taken = indent + bar + 2 + x_kind_width + 2;
    const std::size_t room = x_options.cut ? x_width - taken : std::string::npos;
    line(fmt::format("{:{}}{}  {:{}}  {}", "", indent, stacked_bar(m.per_node, bar, x_options.style),
                     page_words(x_report, m), x_kind_width, shares_text(m, room, x_options.style)));
  }

  const where_report& x_report;
  const where_text_options& x_options;
  std::size_t x_width;
  bool x_is_wide;
  std::size_t x_policy_width = std::string_view("policy").size();
  std::size_t x_kind_width = 0;
  std::string x_out;
};

}  // namespace

std::string where_text(const where_report& r, const where_text_options& options) {
  return text_writer(r, options).write();
}

}  // namespace acre_cli
