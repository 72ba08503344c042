#include "cli/acre/nodes/machine_views.hpp"

#include <nlohmann/json.hpp>

namespace acre_cli {
namespace {

using json = nlohmann::ordered_json;

template <class Value>
json or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json();
}

json to_json(const node_row& row, bool is_this_system) {
  json pools = json::array();
  for (const auto& pool : row.huge_pages)
    pools.push_back({{"page_size", pool.page_size}, {"total", pool.total}, {"free", pool.free}});
  return {{"node", row.node},
          {"kind", row.kind},
          {"capacity", row.capacity},
          {"free", or_null(row.free)},
          {"reclaimable", or_null(row.reclaimable)},
          {"cpus", row.cpus},
          {"has_memory", row.capacity != 0},
          {"allowed", row.allowed},
          {"huge_pages", is_this_system ? std::move(pools) : json()}};
}

json to_json(const node_table& table, const machine_report& report) {
  if (!is_known(table)) return {};
  json nodes = json::array();
  for (const auto& row : report.nodes) nodes.push_back(row.node);
  json rows = json::array();
  for (const auto& row : table) {
    json& values = rows.emplace_back(json::array());
    for (const auto& value : row) values.push_back(or_null(value));
  }
  return {{"nodes", std::move(nodes)}, {"rows", std::move(rows)}};
}

}  // namespace

nlohmann::ordered_json to_json(const machine_report& report) {
  json nodes = json::array();
  for (const auto& row : report.nodes) nodes.push_back(to_json(row, report.is_this_system));
  return {{"this_system", report.is_this_system},
          {"nodes", std::move(nodes)},
          {"distances", to_json(report.distances, report)},
          {"bandwidth_mib_per_s", to_json(report.bandwidth, report)},
          {"latency_ns", to_json(report.latency, report)}};
}

}  // namespace acre_cli
