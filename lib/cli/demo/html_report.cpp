#include "cli/demo/html_report.hpp"

#include "cli/common/printable.hpp"
#include "cli/demo/bars.hpp"

#include <acre/bytes.hpp>
#include <acre/version.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace acre_demo {
namespace {

constexpr double bar_width = 1000;

class html_writer {
 public:
  std::string write(const report& r) {
    put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>acre: where the bytes lie</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n",
        html_style());
    title(r);
    put("<h2>Placements</h2>\n<p class=\"soft\"><span class=\"key index\"></span> index &ensp; "
        "<span class=\"key numbers\"></span> numbers &ensp; The fullest node of each placement has the "
        "longest "
        "bar.</p>\n<div class=\"cards\">\n");
    for (const auto& trial : r.trials) card(trial, r.machine);
    put("</div>\n");
    times(r);
    machine(r.machine);
    put("<footer class=\"soft\">\n<h2>How these numbers were taken</h2>\n");
    for (const auto& note : method_notes(r)) put("<p>{}</p>\n", escape_html(note));
    put("<p>acre-demo {}</p>\n</footer>\n</main>\n</body>\n</html>\n", acre::version());
    return std::move(x_out);
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(x_out), format, std::forward<Args>(args)...);
  }

  void title(const report& r) {
    put("<header>\n<h1>Where the bytes lie</h1>\n<p class=\"soft\">An index of {}, and a vector of numbers, "
        "built "
        "once on each placement by <b>acre</b>.</p>\n",
        escape_html(acre_cli::printable(r.corpus.source)));
    put("<ul class=\"facts\">\n");
    fact(format_count(r.corpus.files),
         (r.corpus.files == 1 ? "file, " : "files, ") + acre::format_bytes_rounded(r.corpus.bytes));
    fact(format_count(r.words), r.words == 1 ? "word" : "words");
    fact(format_count(r.positions), "positions");
    fact(acre::format_bytes_rounded(r.index_bytes), "index");
    fact(acre::format_bytes_rounded(r.number_bytes), "numbers");
    fact(std::to_string(r.machine.nodes.size()),
         r.machine.nodes.size() == 1 ? "memory node" : "memory nodes");
    put("</ul>\n");
    if (const auto note = one_node_note(r.machine); !note.empty())
      put("<p class=\"note\">{}</p>\n", escape_html(note));
    put("</header>\n");
  }

  void fact(std::string_view value, std::string_view name) {
    put("<li><b>{}</b>{}</li>\n", escape_html(value), escape_html(name));
  }

  void card(const trial_result& t, const machine_summary& m) {
    const bool refused = !t.refused.empty();
    put("<section class=\"card\">\n<div class=\"head\"><div><h3>{}</h3><p class=\"soft\">{}</p></div>"
        "<span class=\"chip {}\">{}</span></div>\n",
        escape_html(t.placement), escape_html(t.meaning),
        refused    ? "off"
        : t.agrees ? "good"
                   : "bad",
        refused    ? "not possible here"
        : t.agrees ? "as placed"
                   : "differs");
    if (refused) {
      put("<p>{}</p>\n</section>\n", escape_html(t.refused));
      return;
    }
    put("<div class=\"rows\">\n");
    for (const auto& n : m.nodes)
      if (n.capacity != 0U) node(t, share_of(t, n.node));
    put("</div>\n");
    if (!t.agrees) put("<p>{}</p>\n", escape_html(t.difference));
    for (const auto& d : t.downgrades) put("<p>{}</p>\n", escape_html(d));
    put("<p class=\"soft\">{} mapped at the peak{}</p>\n</section>\n", acre::format_bytes_rounded(t.mapped),
        t.untouched == 0 ? "" : fmt::format(", {} not touched", counted(t.untouched, "page")));
  }

  static node_share share_of(const trial_result& t, acre::node_id node) {
    for (const auto& s : t.shares)
      if (s.node == node) return s;
    return {node, 0, 0};
  }

  void node(const trial_result& t, const node_share& s) {
    const auto bar = bar_of(t, s, bar_width, 4);
    const double percent =
        100.0 * static_cast<double>(s.pages()) / static_cast<double>(std::max<std::size_t>(t.pages(), 1));
    put("<span>node {}</span>", s.node);
    svg(fmt::format("node {}: {} of the index, {} of the numbers", s.node, counted(s.index_pages, "page"),
                    s.number_pages),
        bar.index, bar.numbers);
    put("<span class=\"n\">{}</span><span class=\"n size\">{}</span><span class=\"n\">{:.0f} "
        "%</span>\n",
        counted(s.pages(), "page"), acre::format_bytes_rounded(s.pages() * t.page_size), percent);
  }

  void svg(std::string_view label, double index, double numbers) {
    put("<svg class=\"bar\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 1000 10\" "
        "preserveAspectRatio=\"none\">",
        escape_html(label));
    if (index > 0) put("<rect class=\"index\" width=\"{:.1f}\" height=\"10\"/>", index);
    if (numbers > 0)
      put("<rect class=\"numbers\" x=\"{:.1f}\" width=\"{:.1f}\" height=\"10\"/>", index, numbers);
    put("</svg>");
  }

  void times(const report& r) {
    double build = 1e-9, scan = 1e-9;
    for (const auto& t : r.trials) {
      build = std::max(build, t.build());
      scan = std::max(scan, t.scan());
    }
    put("<h2>Times</h2>\n<div class=\"card\">\n<p class=\"soft\">Left: to build. Right: to scan. The longest "
        "of each "
        "has the longest bar.</p>\n<div class=\"rows times\">\n");
    for (const auto& t : r.trials) {
      if (!t.refused.empty()) continue;
      put("<span class=\"name\">{}</span>", escape_html(t.placement));
      time("build", t.index_build, t.numbers_build, build);
      time("scan", t.index_scan, t.numbers_scan, scan);
      put("\n");
    }
    put("</div>\n</div>\n");
  }

  void time(std::string_view what, double index, double numbers, double most) {
    svg(fmt::format("{}: index {}, numbers {}", what, format_seconds(index), format_seconds(numbers)),
        bar_width * index / most, bar_width * numbers / most);
    put("<span class=\"n\">{}</span>", format_seconds(index + numbers));
  }

  void machine(const machine_summary& m) {
    put("<h2>The machine</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Nodes\">"
        "<table class=\"wide\">\n<thead><tr><th scope=\"col\" "
        "class=\"left\">Node</th><th scope=\"col\" class=\"left\">Kind</th><th scope=\"col\">Capacity</th>"
        "<th scope=\"col\">Free</th><th scope=\"col\" class=\"left\">CPUs</th></tr></thead>\n<tbody>\n");
    for (const auto& n : m.nodes)
      put("<tr><th scope=\"row\" class=\"left\">{}{}</th><td class=\"left\">{}</td><td>{}</td><td>{}</td>"
          "<td class=\"left cpus\">{}</td></tr>\n",
          n.node,
          n.allowed          ? ""
          : n.capacity == 0U ? " (no memory)"
                             : " (not for this process)",
          escape_html(n.kind), format_known(n.capacity), format_known(n.free),
          n.cpus.empty() ? "none" : escape_html(n.cpus));
    put("</tbody></table></div>\n");
    matrix("Distances, relative to 10", m, m.distance);
    matrix("Bandwidth in MiB/s", m, m.bandwidth);
    matrix("Latency in ns", m, m.latency);
    if (!m.bandwidth.known() && !m.latency.known())
      put("<p class=\"soft\">Bandwidth and latency: this machine's firmware tells none.</p>\n");
  }

  void matrix(std::string_view name, const machine_summary& m, const node_matrix& values) {
    if (!values.known()) return;
    put("<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"{}\"><table>\n<caption>{}</caption>\n"
        "<thead><tr><th scope=\"col\" class=\"left\">from CPUs of</th>",
        name, name);
    for (const auto& n : m.nodes) put("<th scope=\"col\">to {}</th>", n.node);
    put("</tr></thead>\n<tbody>\n");
    for (std::size_t from = 0; from < m.nodes.size(); ++from) {
      const auto& row = values.rows[from];
      if (std::none_of(row.begin(), row.end(), [](const auto& v) { return v.has_value(); })) continue;
      put("<tr><th scope=\"row\" class=\"left\">node {}</th>", m.nodes[from].node);
      for (const auto& value : row) put("<td>{}</td>", value ? format_count(*value) : "–");
      put("</tr>\n");
    }
    put("</tbody></table></div>\n");
  }

  std::string x_out;
};

}  // namespace

std::string render_html(const report& r) { return html_writer().write(r); }

}  // namespace acre_demo
