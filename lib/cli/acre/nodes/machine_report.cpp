#include "cli/acre/nodes/machine_report.hpp"

#include <algorithm>

namespace acre_cli {
namespace {

template <class Value>
node_table table_of(const acre::topology& machine, Value value) {
  node_table table;
  for (const auto from : machine.nodes()) {
    auto& row = table.emplace_back();
    for (const auto to : machine.nodes()) {
      const auto known = value(from, to);
      row.push_back(known ? std::optional<std::uint64_t>(*known) : std::nullopt);
    }
  }
  return table;
}

node_row row_of(acre::node_id node, const acre::topology& machine, const system_files& files) {
  node_row row;
  row.node = node;
  row.kind = to_string(machine.kind(node));
  row.capacity = machine.capacity(node);
  row.cpus = machine.cpus(node);
  row.allowed = machine.allowed_nodes().contains(node);
  if (machine.is_this_system()) {
    if (const auto memory = machine.memory(node)) {
      row.free = memory->free;
      row.reclaimable = memory->reclaimable;
    }
    row.huge_pages = files.huge_pools_of(node);
  }
  return row;
}

}  // namespace

machine_report describe(const acre::topology& machine, const system_files& files) {
  machine_report report;
  report.is_this_system = machine.is_this_system();
  report.has_sys = files.has("/sys/kernel/mm");
  for (const auto node : machine.nodes()) report.nodes.push_back(row_of(node, machine, files));
  report.distances = table_of(machine, [&](auto from, auto to) { return machine.distance(from, to); });
  report.bandwidth = table_of(machine, [&](auto from, auto to) {
    return machine.value(acre::memory_attribute::bandwidth, to, from);
  });
  report.latency = table_of(
      machine, [&](auto from, auto to) { return machine.value(acre::memory_attribute::latency, to, from); });
  return report;
}

bool cpus_are_known(const machine_report& report) {
  return std::ranges::any_of(report.nodes, [](const node_row& row) { return !row.cpus.empty(); });
}

bool is_known(const node_table& table) {
  return std::ranges::any_of(table, [](const auto& row) {
    return std::ranges::any_of(row, [](const auto& value) { return value.has_value(); });
  });
}

}  // namespace acre_cli
