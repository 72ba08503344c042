#include "cli/acre/nodes/machine_views.hpp"

#include "cli/common/text.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace acre_cli {
namespace {

std::string bytes(std::uint64_t n) { return n == 0 ? "0" : acre::format_bytes_rounded(n); }
std::string bytes_or_unknown(const std::optional<std::uint64_t>& n) { return n ? bytes(*n) : "?"; }

class machine_writer {
 public:
  machine_writer(const machine_report& report, std::size_t width, const text_style& style)
      : x_report(report), x_width(width), x_style(style) {}

  std::string write() {
    summary();
    nodes();
    huge_pages();
    table("Distances from row to column, 10 is local", x_report.distances);
    table("Bandwidth in MiB/s, from the row's CPUs to the column's memory", x_report.bandwidth);
    table("Latency in ns, from the row's CPUs to the column's memory", x_report.latency);
    unknown_tables();
    return cut_lines(x_out, x_width);
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(x_out), format, std::forward<Args>(args)...);
  }

  void paragraph(std::string_view text) { x_out += '\n' + wrap(text, x_width, 0); }

  void bold(std::string_view text) {
    const std::string lines = wrap(text, x_width, 0);
    for (std::string_view rest = lines; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
      put("{}\n", x_style.in("1", rest.substr(0, rest.find('\n'))));
  }

  void heading(std::string_view text) {
    x_out += '\n';
    bold(text);
  }

  void summary() {
    std::optional<std::uint64_t> capacity = 0;
    std::optional<std::uint64_t> free = 0;
    std::size_t cpus = 0;
    const auto add = [](std::optional<std::uint64_t>& sum, const std::optional<std::uint64_t>& part) {
      sum = sum && part ? std::optional(*sum + *part) : std::nullopt;
    };
    for (const auto& row : x_report.nodes) {
      add(capacity, row.capacity);
      add(free, row.free);
      cpus += row.cpus.size();
    }
    const std::size_t count = x_report.nodes.size();
    std::string text = fmt::format("{} node{}", count, count == 1 ? "" : "s");
    text += capacity ? ", " + bytes(*capacity) : ", memory unknown";
    if (x_report.is_this_system && free) text += fmt::format(" ({} free)", bytes(*free));
    text +=
        cpus_are_known(x_report) ? fmt::format(", {} CPU{}", cpus, cpus == 1 ? "" : "s") : ", CPUs unknown";
    bold(text);
    if (!x_report.is_this_system)
      x_out += wrap("Not this machine: free memory and huge pages are not known.", x_width, 0);
  }

  struct node_cells {
    std::string node;
    std::string kind;
    std::string capacity;
    std::string free;
    std::string allowed;
    std::string cpus;
    bool forbidden = false;
  };

  node_cells cells_of(const node_row& row) const {
    const bool has_memory = row.capacity != 0U;
    const char* const no_cpus = cpus_are_known(x_report) ? "none" : "?";
    return {std::to_string(row.node),
            has_memory ? row.kind : "no memory",
            has_memory ? bytes_or_unknown(row.capacity) : "-",
            !has_memory || (!x_report.is_this_system && !row.free) ? "-" : bytes_or_unknown(row.free),
            row.allowed  ? "yes"
            : has_memory ? "no"
                         : "-",
            row.cpus.empty() ? no_cpus : spaced(format_cpus(row.cpus)),
            has_memory && !row.allowed};
  }

  void nodes() {
    constexpr std::size_t least_for_cpus = 12;
    const node_cells titles{"node", "kind", "capacity", "free", "allowed", "CPUs"};
    std::vector<node_cells> rows;
    for (const auto& row : x_report.nodes) rows.push_back(cells_of(row));
    const auto widest = [&](std::string node_cells::*cell, std::size_t least) {
      for (const auto& row : rows) least = std::max(least, columns(row.*cell));
      return least;
    };
    const std::size_t node = widest(&node_cells::node, columns(titles.node));
    const std::size_t kind = widest(&node_cells::kind, 9);
    const std::size_t capacity = widest(&node_cells::capacity, columns(titles.capacity));
    const std::size_t free = widest(&node_cells::free, 9);
    const std::size_t allowed = columns(titles.allowed);
    const std::size_t before_cpus = node + kind + capacity + free + allowed + 6 * 2;
    if (before_cpus + least_for_cpus > x_width) return nodes_as_sentences(rows);
    x_out += '\n';
    const auto line = [&](const node_cells& row) {
      const std::string permit = fmt::format("{:<{}}", row.allowed, allowed);
      put("  {:>{}}  {:<{}}  {:>{}}  {:>{}}  {}  {}", row.node, node, row.kind, kind, row.capacity, capacity,
          row.free, free, row.forbidden ? x_style.in("33", permit) : permit,
          wrap(row.cpus, x_width, before_cpus).substr(before_cpus));
    };
    line(titles);
    for (const auto& row : rows) line(row);
  }

  /// Where a table has no room.
  void nodes_as_sentences(const std::vector<node_cells>& rows) {
    x_out += '\n';
    for (const auto& row : rows) {
      std::string text = fmt::format("node {}: {}", row.node, row.kind);
      if (row.capacity != "-") text += ", " + row.capacity;
      if (row.free != "-") text += fmt::format(" ({} free)", row.free);
      if (row.forbidden) text += ", not allowed";
      x_out += wrap(fmt::format("{}; CPUs {}", text, row.cpus), x_width, 2, 4);
    }
  }

  /// Long lists are broken after their commas.
  static std::string spaced(const std::string& list) {
    std::string text;
    for (const char c : list) text += c == ',' ? std::string(", ") : std::string(1, c);
    return text;
  }

  void huge_pages() {
    if (!x_report.is_this_system) return;
    if (!x_report.has_sys) return put("\nHuge pages: not known, /sys cannot be read.\n");
    std::set<std::uint64_t> sizes;
    bool reserved = false;
    for (const auto& row : x_report.nodes) {
      for (const auto& pool : row.huge_pages) {
        sizes.insert(pool.page_size);
        reserved = reserved || pool.total != 0;
      }
    }
    if (sizes.empty()) return paragraph("Huge pages: this kernel has none.");
    if (!reserved) return paragraph(fmt::format("Huge pages: none are reserved ({}).", names_of(sizes)));
    heading("Huge pages, free of reserved");
    cell_table cells;
    for (const auto size : sizes) cells.titles.push_back(bytes(size));
    for (const auto& row : x_report.nodes) {
      if (row.huge_pages.empty()) continue;
      auto& line = cells.rows.emplace_back(cell_table::row{row.node, {}});
      for (const auto size : sizes) {
        const auto pool = std::ranges::find(row.huge_pages, size, &huge_pool::page_size);
        line.cells.push_back(pool == row.huge_pages.end() ? "-"
                                                          : fmt::format("{} of {}", pool->free, pool->total));
      }
    }
    put_table(cells, 2);
  }

  static std::string names_of(const std::set<std::uint64_t>& sizes) {
    std::string names;
    for (const auto size : sizes) names += (names.empty() ? "" : ", ") + bytes(size);
    return names;
  }

  void table(std::string_view name, const node_table& values) {
    if (!is_known(values)) return;
    heading(name);
    cell_table cells;
    for (const auto& row : x_report.nodes) cells.titles.push_back(std::to_string(row.node));
    for (std::size_t from = 0; from < values.size(); ++from) {
      if (std::ranges::none_of(values[from], [](const auto& value) { return value.has_value(); })) continue;
      auto& line = cells.rows.emplace_back(cell_table::row{x_report.nodes[from].node, {}});
      for (const auto& value : values[from]) line.cells.push_back(value ? std::to_string(*value) : "-");
    }
    put_table(cells, 1);
  }

  /// A column for each title, a row for each node that has one.
  struct cell_table {
    struct row {
      acre::node_id node;
      std::vector<std::string> cells;
    };
    std::vector<std::string> titles;
    std::vector<row> rows;
  };

  // As many columns as fit are printed side by side, the others below.
  void put_table(const cell_table& table, std::size_t gap) {
    constexpr std::size_t label = 12;
    std::size_t cell = 3;
    for (const auto& title : table.titles) cell = std::max(cell, title.size());
    for (const auto& row : table.rows)
      for (const auto& text : row.cells) cell = std::max(cell, text.size());
    cell += gap;
    const std::size_t at_once = std::max<std::size_t>(1, (std::max(x_width, label) - label) / cell);
    for (std::size_t first = 0; first < table.titles.size(); first += at_once) {
      const std::size_t end = std::min(first + at_once, table.titles.size());
      put("{:{}}", "", label);
      for (std::size_t i = first; i < end; ++i) put("{:>{}}", table.titles[i], cell);
      x_out += '\n';
      for (const auto& row : table.rows) {
        put("  node {:>4} ", row.node);
        for (std::size_t i = first; i < end; ++i) put("{:>{}}", row.cells[i], cell);
        x_out += '\n';
      }
    }
  }

  void unknown_tables() {
    const bool distances = is_known(x_report.distances);
    const bool bandwidth = is_known(x_report.bandwidth);
    const bool latency = is_known(x_report.latency);
    if (!distances) paragraph("Distances: the machine tells none.");
    if (!bandwidth && !latency)
      paragraph("Bandwidth and latency: the firmware tells none.");
    else if (!bandwidth || !latency)
      paragraph(fmt::format("{}: the firmware tells none.", bandwidth ? "Latency" : "Bandwidth"));
  }

  const machine_report& x_report;
  std::size_t x_width;
  text_style x_style;
  std::string x_out;
};

}  // namespace

std::string to_text(const machine_report& report, std::size_t width, const text_style& style) {
  return machine_writer(report, width, style).write();
}

}  // namespace acre_cli
