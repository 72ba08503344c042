#include "cli/demo/text_report.hpp"

#include "cli/demo/bars.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace acre_demo {
namespace {

constexpr std::size_t page_width = 80;
// So many nodes with pages still get a line each.
constexpr std::size_t nodes_in_one_column = 6;

class text_writer {
 public:
  explicit text_writer(const text_style& style) : x_style(style) {}

  std::string write(const report& r) {
    title(r);
    for (const auto& trial : r.trials) write(trial);
    machine(r.machine);
    heading("How these numbers were taken");
    for (const auto& note : method_notes(r)) x_out += wrap(note, page_width, 2);
    return std::move(x_out);
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(x_out), format, std::forward<Args>(args)...);
  }

  void heading(std::string_view text) { put("\n{}\n", x_style.in("1", text)); }

  void title(const report& r) {
    put("{}\n", x_style.in("1", "acre-demo: where the bytes lie"));
    x_out += wrap(fmt::format("text: {}", r.corpus.source), page_width, 2);
    put("  {} files, {}{}\n", format_count(r.corpus.files), acre::format_bytes_rounded(r.corpus.bytes),
        r.corpus.skipped != 0 ? fmt::format(" ({} binary files left out)", format_count(r.corpus.skipped))
                              : "");
    put("  index: {} words, {} positions, {}\n", format_count(r.words), format_count(r.positions),
        acre::format_bytes_rounded(r.index_bytes));
    put("  numbers: {} doubles, {}\n", format_count(r.number_bytes / sizeof(double)),
        acre::format_bytes_rounded(r.number_bytes));
    if (const auto note = one_node_note(r.machine); !note.empty()) x_out += '\n' + wrap(note, page_width, 2);
    const bool u = x_style.unicode;
    put("\n  Bars: {} index, {} numbers; the fullest node of each placement has the longest.\n",
        u ? "█" : "#", u ? "▒" : "=");
    put("  Times: index + numbers.\n");
  }

  void write(const trial_result& t) {
    put("\n{}", x_style.in("1;36", t.placement));
    if (columns(t.placement) + columns(t.meaning) + 2 <= page_width)
      put("  {}\n", t.meaning);
    else
      x_out += '\n' + wrap(t.meaning, page_width, 2);
    if (!t.refused.empty()) {
      put("  {}\n", x_style.in("33", "not possible here"));
      x_out += wrap(t.refused, page_width, 4);
      return;
    }
    put("  {}   build {} + {}   scan {} + {}\n",
        t.agrees ? x_style.in("32", "as placed") : x_style.in("31", "differs  "),
        format_seconds(t.index_build), format_seconds(t.numbers_build), format_seconds(t.index_scan),
        format_seconds(t.numbers_scan));
    if (!t.agrees) x_out += wrap(t.difference, page_width, 4);
    for (const auto& d : t.downgrades) x_out += wrap(d, page_width, 4);
    shares(t);
  }

  void shares(const trial_result& t) {
    if (t.shares.size() <= nodes_in_one_column) {
      for (const auto& s : t.shares)
        put("  node {:<4} {} {:>9} pages {:>8} {:>4.0f} %\n", s.node, text_bar(t, s, 32, x_style.unicode),
            s.pages(), acre::format_bytes_rounded(s.pages() * t.page_size), percent(t, s));
    } else {
      const std::size_t half = (t.shares.size() + 1) / 2;
      for (std::size_t i = 0; i < half; ++i) {
        put("  {}", small_share(t, t.shares[i]));
        if (i + half < t.shares.size()) put("   {}", small_share(t, t.shares[i + half]));
        x_out += '\n';
      }
    }
    put("  {} mapped at the peak{}\n", acre::format_bytes_rounded(t.mapped),
        t.untouched == 0 ? "" : fmt::format(", {} pages not touched", format_count(t.untouched)));
  }

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
    put("  node   kind      capacity       free   CPUs\n");
    for (const auto& n : m.nodes) {
      std::string cpus = n.cpus.empty() ? "none" : n.cpus;
      if (!n.allowed) cpus += n.capacity == 0 ? " (no memory)" : " (not for this process)";
      const std::string rest = wrap(cpus, page_width, 42);
      put("  {:<6} {:<8} {:>9}  {:>9}   {}", n.node, n.kind, acre::format_bytes_rounded(n.capacity),
          acre::format_bytes_rounded(n.free), rest.substr(42));
    }
    matrix("Distances, relative to 10", m, m.distance);
    matrix("Bandwidth in MiB/s", m, m.bandwidth);
    matrix("Latency in ns", m, m.latency);
    if (!m.bandwidth.known() && !m.latency.known())
      put("\n  Bandwidth and latency: this machine's firmware tells none.\n");
  }

  // As many columns as fit are printed side by side, the others below.
  void matrix(std::string_view name, const machine_summary& m, const node_matrix& values) {
    if (!values.known()) return;
    std::size_t cell = 4;
    for (const auto& row : values.rows)
      for (const auto& value : row)
        if (value) cell = std::max(cell, std::to_string(*value).size() + 1);
    const std::size_t at_once = (page_width - 12) / cell;
    put("\n  {}, from the row's CPUs to the column's memory\n", name);
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

  text_style x_style;
  std::string x_out;
};

}  // namespace

std::string render_text(const report& r, const text_style& style) { return text_writer(style).write(r); }

}  // namespace acre_demo
