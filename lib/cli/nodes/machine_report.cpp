#include "cli/nodes/machine_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>

namespace acre_cli {
namespace {

template <class Value>
node_table table_of(const acre::topology& machine, Value value) {
  node_table table;
  for (const auto from : machine.nodes()) {
    auto& row = table.emplace_back();
    for (const auto to : machine.nodes()) row.emplace_back(value(from, to));
  }
  return table;
}

node_row row_of(acre::node_id node, const acre::topology& machine, const acre::system_files& files) {
  const auto memory = machine.is_this_system() ? machine.memory(node) : std::nullopt;
  return {.node = node,
          .kind = std::string(to_string(machine.kind(node))),
          .capacity = machine.capacity(node),
          .free = memory ? std::optional(memory->free) : std::nullopt,
          .reclaimable = memory ? std::optional(memory->reclaimable) : std::nullopt,
          .cpus = machine.cpus(node),
          .allowed = machine.allowed_nodes().contains(node),
          .huge_pages = files.huge_pools_of(node)};
}

constexpr const char* top_of_sys = "/sys/kernel/mm";

/// \param name the file of each node that would tell; empty: no certain one
std::string why_unknown(const machine_report& report, const acre::system_files& files,
                        std::string_view name) {
  if (!report.is_this_system) return "its description tells none";
  if (!files.has(top_of_sys)) return "not known, /sys cannot be read";
  for (const auto& row : report.nodes) {
    if (name.empty()) break;
    const std::string file = fmt::format("/sys/devices/system/node/node{}/{}", row.node, name);
    if (!files.has(file)) return fmt::format("not known, there is no {}", file);
    if (!files.line(file)) return fmt::format("not known, {} cannot be read", file);
  }
  return "the firmware tells none";
}

}  // namespace

machine_report describe(const acre::topology& machine, const acre::system_files& files) {
  machine_report report;
  report.is_this_system = machine.is_this_system();
  for (const auto node : machine.nodes()) report.nodes.push_back(row_of(node, machine, files));
  // What no node shows is hidden, unless the kernel has no pools at all.
  const auto none_has = [&](auto part) {
    return std::ranges::all_of(report.nodes, [&](const node_row& row) { return (row.*part)->empty(); });
  };
  const bool no_cpus = none_has(&node_row::cpus);
  const bool no_pools =
      none_has(&node_row::huge_pages) && !(files.has(top_of_sys) && !files.has("/sys/kernel/mm/hugepages"));
  for (auto& row : report.nodes) {
    if (no_cpus) row.cpus.reset();
    if (no_pools || !report.is_this_system) row.huge_pages.reset();
  }
  report.distances = table_of(machine, [&](auto from, auto to) { return machine.distance(from, to); });
  const auto values_of = [&](acre::memory_attribute what) {
    return table_of(machine, [&](auto from, auto to) { return machine.value(what, to, from); });
  };
  report.bandwidth = values_of(acre::memory_attribute::bandwidth);
  report.latency = values_of(acre::memory_attribute::latency);
  report.unknown = what_is_unknown(report, files);
  return report;
}

std::vector<std::string> what_is_unknown(const machine_report& report, const acre::system_files& files) {
  const auto all = [&](auto is_known_of) { return std::ranges::all_of(report.nodes, is_known_of); };
  const bool here = report.is_this_system;
  const struct {
    const char* what;
    const char* file;
    bool known;
  } sources[] = {
      {"capacity", "meminfo", all([](const node_row& r) { return r.capacity.has_value(); })},
      {"free memory", "meminfo", !here || all([](const node_row& r) { return r.capacity == 0U || r.free; })},
      {"CPUs", "cpulist", all([](const node_row& r) { return r.cpus.has_value(); })},
      {"huge pages", "hugepages", !here || all([](const node_row& r) { return r.huge_pages.has_value(); })},
      {"distances", "distance", is_known(report.distances)},
      {"bandwidth", "", is_known(report.bandwidth)},
      {"latency", "", is_known(report.latency)},
  };
  std::map<std::string, std::string> of_reason;
  for (const auto& source : sources) {
    if (source.known) continue;
    std::string& what = of_reason[why_unknown(report, files, source.file)];
    what += (what.empty() ? "" : ", ") + std::string(source.what);
  }
  std::vector<std::string> sentences;
  for (auto& [why, what] : of_reason) {
    what.front() = static_cast<char>(std::toupper(what.front()));
    sentences.push_back(fmt::format("{}: {}.", what, why));
  }
  return sentences;
}

bool is_known(const node_table& table) {
  return std::ranges::any_of(table, [](const auto& row) {
    return std::ranges::any_of(row, [](const auto& value) { return value.has_value(); });
  });
}

}  // namespace acre_cli
