// A machine_report as text and as JSON.
#include "cli/json_values.hpp"
#include "cli/nodes/machine_report.hpp"
#include "cli/text.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace acre_cli {

using json = nlohmann::ordered_json;

namespace {

std::string bytes(const std::optional<std::uint64_t>& n) {
  return !n ? "?" : *n == 0 ? "0" : acre::format_bytes_rounded(*n);
}

std::string summary(const machine_report& report) {
  std::optional<std::uint64_t> capacity = 0, free = 0, cpus = 0;
  const auto add = [](auto& sum, bool known, std::uint64_t part) {
    sum = sum && known ? std::optional(*sum + part) : std::nullopt;
  };
  for (const auto& row : report.nodes) {
    add(capacity, row.capacity.has_value(), row.capacity.value_or(0));
    add(free, row.free.has_value(), row.free.value_or(0));
    add(cpus, row.cpus.has_value(), row.cpus ? row.cpus->size() : 0);
  }
  return counted(report.nodes.size(), "node") + (capacity ? ", " + bytes(capacity) : ", memory unknown") +
         (report.is_this_system && free ? fmt::format(" ({} free)", bytes(free)) : "") + ", " +
         (cpus ? counted(*cpus, "CPU") : "CPUs unknown");
}

struct column {
  std::vector<std::string> cells;  ///< the title, then one for each row
  bool of_numbers = true;  ///< aligned to the right; else words, or lists that may be broken at spaces

  std::size_t width() const {
    const std::size_t widest = std::ranges::max(cells, {}, &std::string::size).size();
    return of_numbers ? std::max<std::size_t>(widest, 3) : std::min<std::size_t>(widest, 12);
  }
};

/// As many columns as fit stand side by side behind the first one, the others below.
std::string table_text(const std::vector<column>& table, std::size_t gap, std::size_t width,
                       const text_style& style) {
  std::vector<std::size_t> widths(table.size());
  std::ranges::transform(table, widths.begin(), &column::width);
  std::string text;
  for (std::size_t first = 1, end = 1; first < table.size(); first = end) {
    std::size_t used = 2 + widths[0];
    do used += gap + widths[end++];
    while (end < table.size() && used + gap + widths[end] <= width);
    const std::size_t last = end - 1;
    for (std::size_t row = 0; row < table[0].cells.size(); ++row) {
      const auto cell = [&](std::size_t i) {
        const std::string& content = table[i].cells[row];
        if (table[i].of_numbers) return fmt::format("{:>{}}", content, widths[i]);
        return i == last ? content : fmt::format("{:<{}}", content, widths[i]);
      };
      text += "  " + cell(0);
      for (std::size_t i = first; i < last; ++i)
        text += std::string(gap, ' ') + (table[i].cells[row] == "no" ? style.in("33", cell(i)) : cell(i));
      const std::size_t before = used - widths[last];
      text += std::string(gap, ' ') + wrap(cell(last), width, before).substr(before);
    }
  }
  return text;
}

std::string nodes_text(const machine_report& report, std::size_t width, const text_style& style) {
  column node{{"node"}}, kind{{"kind"}, false}, capacity{{"capacity"}}, free{{"free"}},
      allowed{{"allowed"}, false}, cpus{{"CPUs"}, false};
  for (const auto& row : report.nodes) {
    const bool has_memory = row.capacity != 0U;
    node.cells.push_back(std::to_string(row.node));
    kind.cells.push_back(has_memory ? row.kind : "no memory");
    capacity.cells.push_back(has_memory ? bytes(row.capacity) : "-");
    free.cells.push_back(has_memory && (report.is_this_system || row.free) ? bytes(row.free) : "-");
    allowed.cells.push_back(row.allowed ? "yes" : has_memory ? "no" : "-");
    std::string& list = cpus.cells.emplace_back(row.cpus ? format_cpus(*row.cpus) : "?");
    if (list.empty()) list = "none";
    for (std::size_t at = 0; (at = list.find(',', at)) != list.npos; ++at) list.insert(at + 1, 1, ' ');
  }
  return '\n' + table_text({node, kind, capacity, free, allowed, cpus}, 2, width, style);
}

/// In front of a table's rows.
std::string head_of(const node_row& row) { return fmt::format("node {:>4} ", row.node); }

std::string huge_pages_text(const machine_report& report, std::size_t width, const text_style& style) {
  if (std::ranges::any_of(report.nodes, [](const node_row& row) { return !row.huge_pages; })) return {};
  std::set<std::uint64_t> sizes;
  bool reserved = false;
  std::vector<column> table{{{""}, false}};
  for (const auto& row : report.nodes) {
    if (!row.huge_pages->empty()) table[0].cells.push_back(head_of(row));
    for (const auto& pool : *row.huge_pages) {
      sizes.insert(pool.page_size);
      reserved = reserved || pool.total != 0;
    }
  }
  std::vector<std::string> titles;
  for (const auto size : sizes) {
    titles.push_back(bytes(size));
    column& of_size = table.emplace_back(column{{titles.back()}});
    for (const auto& row : report.nodes) {
      if (row.huge_pages->empty()) continue;
      const auto pool = std::ranges::find(*row.huge_pages, size, &acre::huge_pool::page_size);
      of_size.cells.push_back(
          pool == row.huge_pages->end() ? "-" : fmt::format("{} of {}", pool->free, pool->total));
    }
  }
  if (reserved)
    return '\n' + style.in("1", wrap("Huge pages, free of reserved", width, 0)) +
           table_text(table, 2, width, style);
  const std::string none =
      sizes.empty() ? "this kernel has none" : fmt::format("none are reserved ({})", fmt::join(titles, ", "));
  return '\n' + wrap("Huge pages: " + none + ".", width, 0);
}

std::string values_text(const char* name, const machine_report& report, const node_table& values,
                        std::size_t width, const text_style& style) {
  if (!is_known(values)) return {};
  node_table rows;
  std::vector<column> table{{{""}, false}};
  for (std::size_t from = 0; from < values.size(); ++from) {
    if (!is_known({values[from]})) continue;
    table[0].cells.push_back(head_of(report.nodes[from]));
    rows.push_back(values[from]);
  }
  for (std::size_t to = 0; to < values.size(); ++to) {
    column& of_node = table.emplace_back(column{{std::to_string(report.nodes[to].node)}});
    for (const auto& row : rows) of_node.cells.push_back(row[to] ? std::to_string(*row[to]) : "-");
  }
  return '\n' + style.in("1", wrap(name, width, 0)) + table_text(table, 1, width, style);
}

// Not called to_json: with a json as an argument, the templates of that name in newer nlohmann/json would be looked at.
json table_json(const node_table& table, const json& nodes) {
  return is_known(table) ? json{{"nodes", nodes}, {"rows", table}} : json();
}

}  // namespace

std::string to_text(const machine_report& report, std::size_t width, const text_style& style) {
  std::string text = style.in("1", wrap(summary(report), width, 0));
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

static void to_json(json& j, const node_row& row) {
  j = {{"node", row.node},
       {"kind", row.kind},
       {"capacity", row.capacity},
       {"free", row.free},
       {"reclaimable", row.reclaimable},
       {"cpus", row.cpus},
       {"has_memory", row.capacity != 0U},
       {"allowed", row.allowed},
       {"huge_pages", row.huge_pages}};
}

json to_json(const machine_report& report) {
  json numbers = json::array();
  for (const auto& row : report.nodes) numbers.push_back(row.node);
  return {{"this_system", report.is_this_system},
          {"nodes", report.nodes},
          {"distances", table_json(report.distances, numbers)},
          {"bandwidth_mib_per_s", table_json(report.bandwidth, numbers)},
          {"latency_ns", table_json(report.latency, numbers)}};
}

}  // namespace acre_cli
