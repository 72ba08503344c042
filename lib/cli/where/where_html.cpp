#include "cli/where/where_views.hpp"

#include "cli/printable.hpp"
#include "cli/text.hpp"

#include <acre/bytes.hpp>
#include <acre/version.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

namespace acre_cli {
namespace {

double share(std::size_t part, std::size_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

std::size_t pages_on(const std::vector<acre::node_pages>& per_node, acre::node_id node) {
  for (const auto& n : per_node)
    if (n.node == node) return n.pages;
  return 0;
}

// A little is told from nothing, and interleaving over many nodes is still seen.
double shade(double part) { return part == 0 ? 0 : 0.12 + 0.88 * std::sqrt(part); }

std::string percent(double part) {
  return part > 0 && part < 0.005 ? "&lt;1 %" : fmt::format("{:.0f} %", 100 * part);
}

std::string safe(std::string_view text) { return escape_html(printable(text)); }

class page_writer {
 public:
  explicit page_writer(const where_report& r) : x_report(r) {}

  std::string write() {
    put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>acre: process {}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n",
        binding().pid, where_style());
    title();
    if (x_report.state == process_state::has_memory) {
      totals();
      mappings();
    } else {
      put("<p class=\"note\">{}</p>\n", explanation(x_report.state));
    }
    put("<footer class=\"soft\">\n<p>Pages are base pages of {}: a huge page counts as all that it covers. A "
        "page "
        "that several processes map counts in each. The process may have gone on while it was looked "
        "at.</p>\n"
        "<p>acre {}</p>\n</footer>\n</main>\n</body>\n</html>\n",
        acre::format_bytes_rounded(binding().page_size), acre::version());
    return std::move(x_out);
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(x_out), format, std::forward<Args>(args)...);
  }

  const acre::process_binding& binding() const { return x_report.binding; }
  std::string bytes(std::size_t pages) const {
    return acre::format_bytes_rounded(pages * binding().page_size);
  }

  void title() {
    const acre::process_binding& b = binding();
    const std::time_t time = std::chrono::system_clock::to_time_t(x_report.time);
    put("<header>\n<h1>Where the memory of process {} lies</h1>\n<p class=\"name\">{}</p>\n"
        "<p class=\"soft\">{:%Y-%m-%d %H:%M:%S} UTC</p>\n<ul class=\"facts\">\n",
        b.pid, safe(x_report.command), fmt::gmtime(time));
    fact(bytes(b.pages()), "resident");
    fact(std::to_string(b.mappings.size()), b.mappings.size() == 1 ? "mapping" : "mappings");
    if (const std::size_t huge = transparent_huge(x_report).value_or(0); huge != 0)
      fact(acre::format_bytes_rounded(huge), "in transparent huge pages");
    fact((b.allowed_nodes.size() == 1 ? "node " : "nodes ") + b.allowed_nodes.to_string(), "allowed");
    fact(b.own ? b.own->to_string() : "unknown", "policy of the thread");
    put("</ul>\n</header>\n");
  }

  void fact(std::string_view value, std::string_view name) {
    put("<li><b>{}</b>{}</li>\n", escape_html(value), escape_html(name));
  }

  void totals() {
    std::size_t most = 1;
    for (const auto& n : x_report.totals) most = std::max(most, n.pages);
    put("<h2>Nodes</h2>\n<div class=\"card\">\n<p class=\"soft\">The fullest node has the longest bar.</p>\n"
        "<div class=\"rows\">\n");
    for (const auto& n : x_report.totals) {
      const std::string part = percent(share(n.pages, binding().pages()));
      put("<span>node {}</span><svg class=\"bar\" role=\"img\" aria-label=\"node {}: {}\" "
          "viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\"><rect class=\"heat\" width=\"{:.1f}\" "
          "height=\"10\"/></svg><span class=\"n\">{}</span><span class=\"n size\">{}</span>"
          "<span class=\"n\">{}</span>\n",
          n.node, n.node, part, 1000 * share(n.pages, most), counted(n.pages, "page"), bytes(n.pages), part);
    }
    put("</div>\n</div>\n");
  }

  void legend() {
    put("<p class=\"legend soft\">Share of a mapping's pages on a node:");
    for (const int part : {0, 1, 25, 50, 75, 100}) {
      put(" <span class=\"step\"><svg class=\"swatch\" viewBox=\"0 0 10 10\" aria-hidden=\"true\">"
          "<rect class=\"heat\" width=\"10\" height=\"10\" fill-opacity=\"{:.2f}\"/></svg> {} %</span>",
          shade(part / 100.0), part);
    }
    put("</p>\n");
  }

  void mappings() {
    const auto& all = binding().mappings;
    const std::size_t count = std::min(all.size(), most_mappings_of_a_page);
    put("<h2>Mappings</h2>\n");
    legend();
    put("<table>\n<thead><tr><th scope=\"col\" class=\"left\">Mapping, policy</th><th scope=\"col\" "
        "class=\"heads\">");
    heads();
    put("</th><th scope=\"col\">Resident</th></tr></thead>\n<tbody>\n");
    for (std::size_t i = 0; i < count; ++i) mapping(all[i]);
    if (count < all.size()) {
      const mapping_sum rest = sum_of(std::span(all).subspan(count));
      put("<tr><th scope=\"row\" class=\"left\">{}</th><td>", counted(rest.mappings, "more mapping"));
      heat(rest.per_node, rest.pages);
      put("</td><td class=\"n\"><b>{}</b></td></tr>\n", bytes(rest.pages));
    }
    put("</tbody>\n</table>\n");
  }

  // In a row while there is room for the numbers, else upright.
  void heads() {
    const auto& nodes = x_report.totals;
    const std::string_view how = nodes.size() <= 8 ? "" : nodes.back().node > 99 ? " many upright" : " many";
    put("<span class=\"sr\">Pages on nodes</span><span class=\"numbers{}\" aria-hidden=\"true\">", how);
    for (const auto& n : nodes) put("<span>{}</span>", n.node);
    put("</span>");
  }

  void mapping(const acre::process_mapping& m) {
    put("<tr><th scope=\"row\" class=\"left\"><span class=\"name\">{}</span><span class=\"soft detail\">{}",
        escape_html(label_of(m)), safe(policy_words(m)));
    if (!m.permissions.empty()) put(" · {}", safe(m.permissions));
    if (m.pages() != 0 || m.hugetlb) put(" · {}", page_words(x_report, m));
    if (!m.name.empty()) put(" · <span class=\"step\">{}</span>", addresses_of(m));
    put("</span></th><td>");
    heat(m.per_node, m.pages());
    put("</td><td class=\"n\"><b>{}</b><span class=\"soft\">of {}</span></td></tr>\n", bytes(m.pages()),
        size_of(m) == 0 ? "?" : acre::format_bytes_rounded(size_of(m)));
  }

  void heat(const std::vector<acre::node_pages>& per_node, std::size_t all) {
    std::string label;
    std::string cells;
    for (std::size_t i = 0; i < x_report.totals.size(); ++i) {
      const acre::node_id node = x_report.totals[i].node;
      const std::size_t pages = pages_on(per_node, node);
      if (pages == 0) continue;
      const double part = share(pages, all);
      label += fmt::format("{}node {}: {}", label.empty() ? "" : ", ", node, percent(part));
      cells += fmt::format(
          "<rect class=\"heat\" x=\"{}\" width=\"10\" height=\"10\" fill-opacity=\"{:.2f}\"><title>node {}: "
          "{}, {}</title></rect>",
          10 * i, shade(part), node, counted(pages, "page"), percent(part));
    }
    put("<svg class=\"cells\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {} 10\" "
        "preserveAspectRatio=\"none\">{}",
        label.empty() ? "no pages" : label, 10 * std::max<std::size_t>(x_report.totals.size(), 1), cells);
    for (std::size_t i = 1; i < x_report.totals.size(); ++i)
      put("<path class=\"gap\" d=\"M{} 0v10\"/>", 10 * i);
    put("</svg>");
  }

  const where_report& x_report;
  std::string x_out;
};

}  // namespace

std::string where_html(const where_report& r) { return page_writer(r).write(); }

}  // namespace acre_cli
