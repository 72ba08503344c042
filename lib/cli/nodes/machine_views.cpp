// A machine_report as text and as JSON.
#include "cli/json_values.hpp"
#include "cli/nodes/machine_report.hpp"
#include "cli/text.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace acre_cli {
namespace {

using json = nlohmann::ordered_json;

std::string bytes(const std::optional<std::uint64_t>& n) {
  return !n ? "?" : *n == 0 ? "0" : acre::format_bytes_rounded(*n);
}

std::string in_bold(std::string_view text, std::size_t width, const text_style& style) {
  const std::string lines = wrap(text, width, 0);
  std::string bold;
  for (std::string_view rest = lines; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
    bold += style.in("1", rest.substr(0, rest.find('\n'))) + '\n';
  return bold;
}

std::string summary(const machine_report& report) {
  std::optional<std::uint64_t> capacity = 0;
  std::optional<std::uint64_t> free = 0;
  std::size_t cpus = 0;
  const auto add = [](auto& sum, const auto& part) {
    sum = sum && part ? std::optional(*sum + *part) : std::nullopt;
  };
  for (const auto& row : report.nodes) {
    add(capacity, row.capacity);
    add(free, row.free);
    cpus += row.cpus.size();
  }
  return counted(report.nodes.size(), "node") + (capacity ? ", " + bytes(capacity) : ", memory unknown") +
         (report.is_this_system && free ? fmt::format(" ({} free)", bytes(free)) : "") + ", " +
         (cpus_are_known(report) ? counted(cpus, "CPU") : "CPUs unknown");
}

/// The cells of a node: number, kind, capacity, free memory, allowed, CPUs.
using node_cells = std::array<std::string, 6>;
constexpr std::size_t columns_before_cpus = 5;

node_cells cells_of(const node_row& row, const machine_report& report) {
  const bool has_memory = row.capacity != 0U;
  const bool has_free = has_memory && (report.is_this_system || row.free);
  std::string cpus = row.cpus.empty() ? (cpus_are_known(report) ? "none" : "?") : format_cpus(row.cpus);
  // Long lists are broken after their commas.
  for (std::size_t at = 0; (at = cpus.find(',', at)) != cpus.npos; ++at) cpus.insert(at + 1, 1, ' ');
  return {std::to_string(row.node),
          has_memory ? row.kind : "no memory",
          has_memory ? bytes(row.capacity) : "-",
          has_free ? bytes(row.free) : "-",
          row.allowed  ? "yes"
          : has_memory ? "no"
                       : "-",
          std::move(cpus)};
}

bool is_forbidden(const node_cells& cells) { return cells[4] == "no"; }

/// For where a table has no room.
std::string sentence_of(const node_cells& cells) {
  const auto& [node, kind, capacity, free, allowed, cpus] = cells;
  return fmt::format("node {}: {}{}{}{}; CPUs {}", node, kind, capacity == "-" ? "" : ", " + capacity,
                     free == "-" ? "" : fmt::format(" ({} free)", free),
                     is_forbidden(cells) ? ", not allowed" : "", cpus);
}

std::string nodes_text(const machine_report& report, std::size_t width, const text_style& style) {
  constexpr std::size_t least_for_cpus = 12;
  constexpr std::array right = {true, false, true, true, false};
  std::vector<node_cells> rows{{"node", "kind", "capacity", "free", "allowed", "CPUs"}};
  for (const auto& row : report.nodes) rows.push_back(cells_of(row, report));
  std::array<std::size_t, columns_before_cpus> widths{0, 9, 0, 9, 0};
  std::size_t before_cpus = 2;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    for (const auto& cells : rows) widths[i] = std::max(widths[i], columns(cells[i]));
    before_cpus += widths[i] + 2;
  }
  std::string text = "\n";
  if (before_cpus + least_for_cpus > width) {
    for (auto cells = rows.begin() + 1; cells != rows.end(); ++cells)
      text += wrap(sentence_of(*cells), width, 2, 4);
    return text;
  }
  for (const auto& cells : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string cell =
          right[i] ? fmt::format("{:>{}}", cells[i], widths[i]) : fmt::format("{:<{}}", cells[i], widths[i]);
      text += "  " + (i == 4 && is_forbidden(cells) ? style.in("33", cell) : cell);
    }
    text += "  " + wrap(cells.back(), width, before_cpus).substr(before_cpus);
  }
  return text;
}

/// A column for each title, and a row of cells for each node that has one.
struct cell_table {
  std::vector<std::string> titles;
  std::map<acre::node_id, std::vector<std::string>> rows;
};

/// As many columns as fit are printed side by side, the others below.
std::string table_text(const cell_table& table, std::size_t gap, std::size_t width) {
  constexpr std::size_t label = 12;
  std::size_t cell = 3;
  for (const auto& title : table.titles) cell = std::max(cell, title.size());
  for (const auto& [node, cells] : table.rows)
    for (const auto& text : cells) cell = std::max(cell, text.size());
  cell += gap;
  const std::size_t at_once = std::max<std::size_t>(1, (std::max(width, label) - label) / cell);
  std::string text;
  for (std::size_t first = 0; first < table.titles.size(); first += at_once) {
    const auto line = [&](const std::string& head, const std::vector<std::string>& cells) {
      text += head;
      for (std::size_t i = first; i < cells.size() && i - first < at_once; ++i)
        text += fmt::format("{:>{}}", cells[i], cell);
      text += '\n';
    };
    line(std::string(label, ' '), table.titles);
    for (const auto& [node, cells] : table.rows) line(fmt::format("  node {:>4} ", node), cells);
  }
  return text;
}

std::string huge_pages_text(const machine_report& report, std::size_t width, const text_style& style) {
  if (!report.is_this_system || !report.knows_huge_pages) return {};
  std::set<std::uint64_t> sizes;
  bool reserved = false;
  cell_table table;
  for (const auto& row : report.nodes) {
    for (const auto& pool : row.huge_pages) {
      sizes.insert(pool.page_size);
      reserved = reserved || pool.total != 0;
    }
  }
  for (const auto size : sizes) table.titles.push_back(bytes(size));
  if (sizes.empty()) return '\n' + wrap("Huge pages: this kernel has none.", width, 0);
  if (!reserved)
    return '\n' +
           wrap(fmt::format("Huge pages: none are reserved ({}).", fmt::join(table.titles, ", ")), width, 0);
  for (const auto& row : report.nodes) {
    for (const auto size : sizes) {
      const auto pool = std::ranges::find(row.huge_pages, size, &acre::huge_pool::page_size);
      if (row.huge_pages.empty()) continue;
      table.rows[row.node].push_back(
          pool == row.huge_pages.end() ? "-" : fmt::format("{} of {}", pool->free, pool->total));
    }
  }
  return '\n' + in_bold("Huge pages, free of reserved", width, style) + table_text(table, 2, width);
}

std::string values_text(std::string_view name, const machine_report& report, const node_table& values,
                        std::size_t width, const text_style& style) {
  if (!is_known(values)) return {};
  cell_table table;
  for (std::size_t from = 0; from < values.size(); ++from) {
    table.titles.push_back(std::to_string(report.nodes[from].node));
    if (!is_known({values[from]})) continue;
    for (const auto& value : values[from])
      table.rows[report.nodes[from].node].push_back(value ? std::to_string(*value) : "-");
  }
  return '\n' + in_bold(name, width, style) + table_text(table, 1, width);
}

json to_json(const node_row& row, const machine_report& report) {
  return {{"node", row.node},
          {"kind", row.kind},
          {"capacity", row.capacity},
          {"free", row.free},
          {"reclaimable", row.reclaimable},
          {"cpus", cpus_are_known(report) ? json(row.cpus) : json()},
          {"has_memory", row.capacity != 0U},
          {"allowed", row.allowed},
          {"huge_pages", report.is_this_system && report.knows_huge_pages ? json(row.huge_pages) : json()}};
}

json to_json(const node_table& table, const json& nodes) {
  return is_known(table) ? json{{"nodes", nodes}, {"rows", table}} : json();
}

}  // namespace

std::string to_text(const machine_report& report, std::size_t width, const text_style& style) {
  std::string text = in_bold(summary(report), width, style);
  if (!report.is_this_system)
    text += wrap("Not this machine: free memory and huge pages are not known.", width, 0);
  text += nodes_text(report, width, style) + huge_pages_text(report, width, style);
  for (const auto& [name, values] :
       {std::pair("Distances from row to column, 10 is local", &report.distances),
        {"Bandwidth in MiB/s, from the row's CPUs to the column's memory", &report.bandwidth},
        {"Latency in ns, from the row's CPUs to the column's memory", &report.latency}})
    text += values_text(name, report, *values, width, style);
  for (const auto& sentence : report.unknown) text += '\n' + wrap(sentence, width, 0);
  return cut_lines(text, width);
}

nlohmann::ordered_json to_json(const machine_report& report) {
  json nodes = json::array();
  json numbers = json::array();
  for (const auto& row : report.nodes) {
    nodes.push_back(to_json(row, report));
    numbers.push_back(row.node);
  }
  return {{"this_system", report.is_this_system},
          {"nodes", std::move(nodes)},
          {"distances", to_json(report.distances, numbers)},
          {"bandwidth_mib_per_s", to_json(report.bandwidth, numbers)},
          {"latency_ns", to_json(report.latency, numbers)}};
}

}  // namespace acre_cli
