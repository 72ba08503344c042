#include "cli/acre/nodes/machine_views.hpp"

#include <nlohmann/json.hpp>

namespace acre_cli {
namespace {

using json = nlohmann::ordered_json;

template <class Value>
json or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json();
}

json to_json(const node_row& row, const machine_report& report) {
  json pools = json::array();
  for (const auto& pool : row.huge_pages)
    pools.push_back({{"page_size", pool.page_size}, {"total", pool.total}, {"free", pool.free}});
  return {{"node", row.node},
          {"kind", row.kind},
          {"capacity", or_null(row.capacity)},
          {"free", or_null(row.free)},
          {"reclaimable", or_null(row.reclaimable)},
          {"cpus", cpus_are_known(report) ? json(row.cpus) : json()},
          {"has_memory", row.capacity != 0U},
          {"allowed", row.allowed},
          {"huge_pages", report.is_this_system && report.has_sys ? std::move(pools) : json()}};
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
  for (const auto& row : report.nodes) nodes.push_back(to_json(row, report));
  return {{"this_system", report.is_this_system},
          {"nodes", std::move(nodes)},
          {"distances", to_json(report.distances, report)},
          {"bandwidth_mib_per_s", to_json(report.bandwidth, report)},
          {"latency_ns", to_json(report.latency, report)}};
}

}  // namespace acre_cli
