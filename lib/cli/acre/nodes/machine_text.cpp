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
    return std::move(x_out);
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(x_out), format, std::forward<Args>(args)...);
  }

  void heading(std::string_view text) { put("\n{}\n", x_style.in("1", text)); }

  void summary() {
    std::uint64_t capacity = 0;
    std::uint64_t free = 0;
    std::size_t cpus = 0;
    for (const auto& row : x_report.nodes) {
      capacity += row.capacity;
      free += row.free.value_or(0);
      cpus += row.cpus.size();
    }
    const std::size_t count = x_report.nodes.size();
    std::string text = fmt::format("{} node{}, {}", count, count == 1 ? "" : "s", bytes(capacity));
    if (x_report.is_this_system) text += fmt::format(" ({} free)", bytes(free));
    text += fmt::format(", {} CPU{}", cpus, cpus == 1 ? "" : "s");
    put("{}\n", x_style.in("1", text));
    if (!x_report.is_this_system) put("Not this machine: free memory and huge pages are not known.\n");
  }

  void nodes() {
    put("\n  node  kind       capacity       free  allowed  CPUs\n");
    constexpr std::size_t before_cpus = 47;
    for (const auto& row : x_report.nodes) {
      const std::string cpus =
          wrap(row.cpus.empty() ? "none" : spaced(format_cpus(row.cpus)), x_width, before_cpus);
      const bool has_memory = row.capacity != 0;
      const std::string allowed = fmt::format("{:<7}", row.allowed ? "yes" : has_memory ? "no" : "-");
      put("  {:>4}  {:<9}  {:>8}  {:>9}  {}  {}", row.node, has_memory ? row.kind : "no memory",
          has_memory ? bytes(row.capacity) : "-", !has_memory || !row.free ? "-" : bytes(*row.free),
          row.allowed || !has_memory ? allowed : x_style.in("33", allowed), cpus.substr(before_cpus));
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
    std::set<std::uint64_t> sizes;
    bool reserved = false;
    for (const auto& row : x_report.nodes) {
      for (const auto& pool : row.huge_pages) {
        sizes.insert(pool.page_size);
        reserved = reserved || pool.total != 0;
      }
    }
    if (sizes.empty()) return put("\nHuge pages: this kernel has none.\n");
    if (!reserved) return put("\nHuge pages: none are reserved ({}).\n", names_of(sizes));
    heading("Huge pages, free of reserved");
    put("  node");
    for (const auto size : sizes) put("{:>20}", bytes(size));
    x_out += '\n';
    for (const auto& row : x_report.nodes)
      if (!row.huge_pages.empty()) huge_pages_of(row, sizes);
  }

  void huge_pages_of(const node_row& row, const std::set<std::uint64_t>& sizes) {
    put("  {:>4}", row.node);
    for (const auto size : sizes) {
      const auto pool = std::ranges::find(row.huge_pages, size, &huge_pool::page_size);
      put("{:>20}", pool == row.huge_pages.end() ? "-" : fmt::format("{} of {}", pool->free, pool->total));
    }
    x_out += '\n';
  }

  static std::string names_of(const std::set<std::uint64_t>& sizes) {
    std::string names;
    for (const auto size : sizes) names += (names.empty() ? "" : ", ") + bytes(size);
    return names;
  }

  // As many columns as fit are printed side by side, the others below.
  void table(std::string_view name, const node_table& values) {
    if (!is_known(values)) return;
    constexpr std::size_t label = 12;
    std::size_t cell = std::max<std::size_t>(4, std::to_string(x_report.nodes.back().node).size() + 1);
    for (const auto& row : values)
      for (const auto& value : row)
        if (value) cell = std::max(cell, std::to_string(*value).size() + 1);
    const std::size_t at_once = std::max<std::size_t>(1, (x_width - label) / cell);
    heading(name);
    for (std::size_t first = 0; first < x_report.nodes.size(); first += at_once) {
      const std::size_t end = std::min(first + at_once, x_report.nodes.size());
      put("{:{}}", "", label);
      for (std::size_t to = first; to < end; ++to) put("{:>{}}", x_report.nodes[to].node, cell);
      x_out += '\n';
      for (std::size_t from = 0; from < values.size(); ++from)
        table_row(values[from], from, first, end, cell);
    }
  }

  void table_row(const node_table::value_type& row, std::size_t from, std::size_t first, std::size_t end,
                 std::size_t cell) {
    if (std::ranges::none_of(row, [](const auto& value) { return value.has_value(); })) return;
    put("  node {:>4} ", x_report.nodes[from].node);
    for (std::size_t to = first; to < end; ++to)
      put("{:>{}}", row[to] ? std::to_string(*row[to]) : "-", cell);
    x_out += '\n';
  }

  void unknown_tables() {
    const bool distances = is_known(x_report.distances);
    const bool bandwidth = is_known(x_report.bandwidth);
    const bool latency = is_known(x_report.latency);
    if (!distances) put("\nDistances: the machine tells none.\n");
    if (!bandwidth && !latency)
      put("\nBandwidth and latency: the firmware tells none.\n");
    else if (!bandwidth || !latency)
      put("\n{}: the firmware tells none.\n", bandwidth ? "Latency" : "Bandwidth");
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
