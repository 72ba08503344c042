#include "cli/where/where_views.hpp"

#include "cli/printable.hpp"
#include "cli/text.hpp"
#include "cli/where/page.hpp"

#include <acre/bytes.hpp>
#include <acre/version.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace acre_cli {
namespace {

std::string safe(std::string_view text) { return escape_html(printable(text)); }

std::string percent(double part) {
  return part > 0 && part < 0.005 ? "&lt;1 %" : fmt::format("{:.0f} %", 100 * part);
}

double share(std::size_t part, std::size_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

// A little is told from nothing, and interleaving over many nodes is still seen.
double shade(double part) { return part == 0 ? 0 : 0.12 + 0.88 * std::sqrt(part); }

std::string bytes(const where_report& r, std::size_t pages) {
  return acre::format_bytes_rounded(pages * r.binding.page_size);
}

std::string fact(std::string_view value, std::string_view name) {
  return fmt::format("<li><b>{}</b>{}</li>\n", escape_html(value), name);
}

std::string facts_of(const where_report& r) {
  const acre::process_binding& b = r.binding;
  const std::size_t mappings = b.mappings.size();
  const std::size_t huge = transparent_huge(r).value_or(0);
  return fact(bytes(r, b.pages()), "resident") +
         fact(std::to_string(mappings), mappings == 1 ? "mapping" : "mappings") +
         (huge == 0 ? "" : fact(acre::format_bytes_rounded(huge), "in transparent huge pages")) +
         fact((b.allowed_nodes.size() == 1 ? "node " : "nodes ") + b.allowed_nodes.to_string(), "allowed") +
         fact(b.own ? b.own->to_string() : "unknown", "policy of the thread");
}

/// A bar, pages, bytes and share of each node.
std::string nodes_of(const where_report& r) {
  std::size_t most = 0;
  for (const auto& n : r.totals) most = std::max(most, n.pages);
  std::string rows;
  for (const auto& n : r.totals) {
    rows += fmt::format(
        R"(<span>node {}</span><svg class="bar"><rect width="{:.1f}%"/></svg><span class="n">{}</span>)"
        R"(<span class="n size">{}</span><span class="n">{}</span>)"
        "\n",
        n.node, 100 * share(n.pages, most), counted(n.pages, "page"), bytes(r, n.pages),
        percent(share(n.pages, r.binding.pages())));
  }
  return rows;
}

/// What the mapping is, where its pages lie, and how many there are.
std::string row(const where_report& r, const acre::process_mapping& m) {
  std::vector<std::string> details = {safe(policy_words(m)), safe(m.permissions), page_words(r, m)};
  if (!m.name.empty() && m.begin != 0)
    details.push_back(fmt::format("<span class=\"step\">{}</span>", addresses_of(m)));
  std::erase(details, "");
  std::string cells;
  const double width = 100.0 / static_cast<double>(r.totals.size());
  for (std::size_t i = 0; i < r.totals.size(); ++i) {
    const acre::node_id node = r.totals[i].node;
    const double part = share(m.on(node), m.pages());
    if (part == 0) continue;
    cells += fmt::format(
        R"(<rect x="{:.3f}%" width="{:.3f}%" fill-opacity="{:.2f}"><title>node {}: {}, {}</title></rect>)",
        width * static_cast<double>(i), width, shade(part), node, counted(m.on(node), "page"), percent(part));
  }
  return fmt::format(
      R"(<tr><th scope="row" class="left"><span class="name">{}</span><span class="soft detail">{}</span></th>
<td><svg class="cells">{}</svg></td><td class="n"><b>{}</b><span class="soft">{}</span></td></tr>
)",
      escape_html(label_of(m)), fmt::join(details, " · "), cells, bytes(r, m.pages()),
      size_of(m) == 0 ? "" : "of " + size_words(m));
}

std::string body_of(const where_report& r) {
  if (r.state != process_state::has_memory)
    return fmt::format("<p class=\"note\">{}</p>\n", explanation(r.state));
  const std::span<const acre::process_mapping> all = r.binding.mappings;
  const auto first = all.first(std::min(all.size(), most_mappings_of_a_page));
  std::string rows;
  for (const auto& m : first) rows += row(r, m);
  if (first.size() < all.size()) rows += row(r, sum_of(all.subspan(first.size())));
  std::string heads;
  for (const auto& n : r.totals) heads += fmt::format("<span>{}</span>", n.node);
  // In a row while there is room for the numbers, else upright.
  const std::size_t nodes = r.totals.size();
  const std::string_view how = nodes <= 8 ? "" : r.totals.back().node > 99 ? " many upright" : " many";
  return fmt::format(page_body, fmt::arg("nodes", nodes_of(r)), fmt::arg("node_count", nodes),
                     fmt::arg("how", how), fmt::arg("heads", heads), fmt::arg("mappings", rows));
}

}  // namespace

std::string where_html(const where_report& r) {
  return fmt::format(page_frame, fmt::arg("pid", r.binding.pid), fmt::arg("style", page_style),
                     fmt::arg("command", safe(r.command)),
                     fmt::arg("time", fmt::gmtime(std::chrono::system_clock::to_time_t(r.time))),
                     fmt::arg("facts", facts_of(r)), fmt::arg("body", body_of(r)),
                     fmt::arg("page_size", acre::format_bytes_rounded(r.binding.page_size)),
                     fmt::arg("version", acre::version()));
}

}  // namespace acre_cli
