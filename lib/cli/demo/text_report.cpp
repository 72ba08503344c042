#include "cli/demo/text_report.hpp"

#include "cli/common/printable.hpp"
#include "cli/demo/bars.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace acre_demo {
namespace {

using acre_cli::cut_lines;
using acre_cli::printable;

constexpr std::size_t narrowest = 40;  // below, lines are cut
// So many nodes with pages still get a line each.
constexpr std::size_t nodes_in_one_column = 6;

class text_writer {
 public:
  text_writer(std::size_t width, const text_style& style)
      : x_columns(width), x_width(std::max(width, narrowest)), x_style(style) {}

  std::string write(const report& r) {
    title(r);
    for (const auto& trial : r.trials) write(trial);
    machine(r.machine);
    heading("How these numbers were taken");
    for (const auto& note : method_notes(r)) paragraph(note);
    return cut_lines(x_out, x_columns);
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(x_out), format, std::forward<Args>(args)...);
  }

  void paragraph(std::string_view text, std::size_t indent = 2) { x_out += wrap(text, x_width, indent); }

  void heading(std::string_view text) { put("\n{}\n", x_style.in("1", text)); }

  void title(const report& r) {
    put("{}\n", x_style.in("1", "acre-demo: where the bytes lie"));
    paragraph(fmt::format("text: {}", printable(r.corpus.source)));
    const std::string left_out =
        r.corpus.skipped == 0 ? "" : fmt::format(" ({} left out)", counted(r.corpus.skipped, "binary file"));
    paragraph(fmt::format("{}, {}{}", counted(r.corpus.files, "file"),
                          acre::format_bytes_rounded(r.corpus.bytes), left_out));
    paragraph(fmt::format("index: {}, {}, {}", counted(r.words, "word"), counted(r.positions, "position"),
                          acre::format_bytes_rounded(r.index_bytes)));
    paragraph(fmt::format("numbers: {}, {}", counted(r.number_bytes / sizeof(double), "double"),
                          acre::format_bytes_rounded(r.number_bytes)));
    x_out += '\n';
    if (const auto note = one_node_note(r.machine); !note.empty()) {
      paragraph(note);
      x_out += '\n';
    }
    const bool u = x_style.unicode;
    paragraph(fmt::format("Bars: {} index, {} numbers; the fullest node of each placement has the longest.",
                          u ? "█" : "#", u ? "▒" : "="));
    paragraph("Times: index + numbers.");
  }

  void write(const trial_result& t) {
    x_out += '\n';
    if (columns(t.placement) + columns(t.meaning) + 2 <= x_width) {
      put("{}  {}\n", x_style.in("1;36", t.placement), t.meaning);
    } else {
      const std::string lines = wrap(t.placement, x_width, 0, 4);
      put("{}\n", x_style.in("1;36", std::string_view(lines).substr(0, lines.size() - 1)));
      paragraph(t.meaning);
    }
    if (!t.refused.empty()) {
      put("  {}\n", x_style.in("33", "not possible here"));
      paragraph(t.refused, 4);
      return;
    }
    constexpr std::size_t verdict = 9;
    const std::string lines =
        wrap(fmt::format("{:<{}}   build {} + {}   scan {} + {}", t.agrees ? "as placed" : "differs", verdict,
                         format_seconds(t.index_build), format_seconds(t.numbers_build),
                         format_seconds(t.index_scan), format_seconds(t.numbers_scan)),
             x_width, 2, 2 + verdict + 3);
    const std::string_view text = lines;
    put("  {}{}", x_style.in(t.agrees ? "32" : "31", text.substr(2, verdict)), text.substr(2 + verdict));
    if (!t.agrees) paragraph(t.difference, 4);
    for (const auto& d : t.downgrades) paragraph(d, 4);
    shares(t);
  }

  void shares(const trial_result& t) {
    if (t.shares.size() <= nodes_in_one_column) {
      for (const auto& s : t.shares) share(t, s);
    } else {
      const std::size_t in_line = x_width < 2 * (small_width + 3) ? 1 : 2;
      const std::size_t lines = (t.shares.size() + in_line - 1) / in_line;
      for (std::size_t i = 0; i < lines; ++i) {
        put("  {}", small_share(t, t.shares[i]));
        if (i + lines < t.shares.size()) put("   {}", small_share(t, t.shares[i + lines]));
        x_out += '\n';
      }
    }
    paragraph(
        fmt::format("{} mapped at the peak{}", acre::format_bytes_rounded(t.mapped),
                    t.untouched == 0 ? "" : fmt::format(", {} not touched", counted(t.untouched, "page"))));
  }

  /// Where there is little room the bytes say what the pages say.
  void share(const trial_result& t, const node_share& s) {
    constexpr std::size_t least_bar = 8;
    constexpr std::size_t most_bar = 32;
    const std::string before = fmt::format("  node {:<4} ", s.node);
    const std::string pages = fmt::format(" {:>9} {:<5}", s.pages(), s.pages() == 1 ? "page" : "pages");
    const std::string after =
        fmt::format(" {:>8} {:>4.0f} %", acre::format_bytes_rounded(s.pages() * t.page_size), percent(t, s));
    const std::size_t around = before.size() + after.size();
    const bool has_pages = around + pages.size() + least_bar <= x_width;
    const std::size_t taken = around + (has_pages ? pages.size() : 0);
    const std::size_t bar = std::clamp(x_width > taken ? x_width - taken : 0, least_bar, most_bar);
    put("{}{}{}{}\n", before, text_bar(t, s, bar, x_style.unicode), has_pages ? pages : "", after);
  }

  static constexpr std::size_t small_width = 37;

  std::string small_share(const trial_result& t, const node_share& s) const {
    return fmt::format("{:>4} {} {:>9} {:>4.0f} %", s.node, text_bar(t, s, 15, x_style.unicode), s.pages(),
                       percent(t, s));
  }

  static double percent(const trial_result& t, const node_share& s) {
    return 100.0 * static_cast<double>(s.pages()) / static_cast<double>(t.pages());
  }

  void machine(const machine_summary& m) {
    heading(m.nodes.size() == 1 ? "The machine: 1 node"
                                : fmt::format("The machine: {} nodes", m.nodes.size()));
    constexpr std::size_t before_cpus = 41;
    constexpr std::size_t least_for_cpus = 12;
    const bool table = before_cpus + least_for_cpus <= x_width;
    if (table) put("  node   kind      capacity       free   CPUs\n");
    for (const auto& n : m.nodes) {
      std::string cpus = n.cpus.empty() ? "none" : n.cpus;
      if (!n.allowed) cpus += n.capacity == 0U ? " (no memory)" : " (not for this process)";
      const std::string capacity = format_known(n.capacity);
      const std::string free = format_known(n.free);
      if (table) {
        put("  {:<6} {:<8} {:>9}  {:>9}   {}", n.node, n.kind, capacity, free,
            wrap(cpus, x_width, before_cpus).substr(before_cpus));
      } else {
        x_out += wrap(fmt::format("node {}: {}, {} ({} free); CPUs {}", n.node, n.kind, capacity, free, cpus),
                      x_width, 2, 4);
      }
    }
    matrix("Distances, relative to 10", m, m.distance);
    matrix("Bandwidth in MiB/s", m, m.bandwidth);
    matrix("Latency in ns", m, m.latency);
    if (!m.bandwidth.known() && !m.latency.known())
      x_out += '\n' + wrap("Bandwidth and latency: this machine's firmware tells none.", x_width, 2);
  }

  // As many columns as fit are printed side by side, the others below.
  void matrix(std::string_view name, const machine_summary& m, const node_matrix& values) {
    if (!values.known()) return;
    std::size_t cell = std::max<std::size_t>(4, std::to_string(m.nodes.back().node).size() + 1);
    for (const auto& row : values.rows)
      for (const auto& value : row)
        if (value) cell = std::max(cell, std::to_string(*value).size() + 1);
    const std::size_t at_once = std::max<std::size_t>(1, (x_width - 12) / cell);
    x_out += '\n' + wrap(fmt::format("{}, from the row's CPUs to the column's memory", name), x_width, 2);
    for (std::size_t first = 0; first < m.nodes.size(); first += at_once) {
      const std::size_t end = std::min(first + at_once, m.nodes.size());
      put("  {:>10}", "");
      for (std::size_t to = first; to < end; ++to) put("{:>{}}", m.nodes[to].node, cell);
      x_out += '\n';
      for (std::size_t from = 0; from < m.nodes.size(); ++from) matrix_row(m, values, from, first, end, cell);
    }
  }

  void matrix_row(const machine_summary& m, const node_matrix& values, std::size_t from, std::size_t first,
                  std::size_t end, std::size_t cell) {
    const auto& row = values.rows[from];
    if (std::none_of(row.begin(), row.end(), [](const auto& v) { return v.has_value(); })) return;
    put("  node {:<5}", m.nodes[from].node);
    for (std::size_t to = first; to < end; ++to)
      put("{:>{}}", row[to] ? std::to_string(*row[to]) : "-", cell);
    x_out += '\n';
  }

  std::size_t x_columns;
  std::size_t x_width;
  text_style x_style;
  std::string x_out;
};

}  // namespace

std::string render_text(const report& r, std::size_t width, const text_style& style) {
  return text_writer(width, style).write(r);
}

}  // namespace acre_demo
