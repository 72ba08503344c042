#include "cli/where/where_views.hpp"

#include <nlohmann/json.hpp>

namespace acre_cli {
namespace {

using json = nlohmann::ordered_json;

std::string_view name_of(process_state state) {
  switch (state) {
    case process_state::has_memory:
      return "has_memory";
    case process_state::kernel_thread:
      return "kernel_thread";
    case process_state::zombie:
      return "zombie";
    case process_state::without_memory:
      return "without_memory";
  }
  return "";
}

json nodes_json(const std::vector<acre::node_pages>& nodes) {
  json list = json::array();
  for (const auto& n : nodes) list.push_back({{"node", n.node}, {"pages", n.pages}});
  return list;
}

json or_null(std::optional<std::size_t> bytes) { return bytes ? json(*bytes) : json(); }

json mapping_json(const where_report& r, const acre::process_mapping& m) {
  json j;
  j["begin"] = m.begin;
  j["end"] = m.end;
  j["size"] = size_of(m);
  j["permissions"] = m.permissions;
  j["kind"] = acre::to_string(m.kind);
  j["name"] = m.name;
  j["policy"] = policy_words(m);
  j["page_size"] = m.page_size;
  j["hugetlb"] = m.hugetlb;
  j["pages"] = m.pages();
  j["bytes"] = m.pages() * r.binding.page_size;
  j["transparent_huge"] = or_null(transparent_huge(r, m));
  j["anonymous"] = m.anonymous;
  j["dirty"] = m.dirty;
  j["swap_cache"] = m.swap_cache;
  j["writeback"] = m.writeback;
  j["mappers"] = m.mappers;
  j["nodes"] = nodes_json(m.per_node);
  return j;
}

}  // namespace

std::string where_json(const where_report& r, json_layout layout) {
  const acre::process_binding& b = r.binding;
  json j;
  j["time_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(r.time.time_since_epoch()).count();
  j["pid"] = b.pid;
  j["command"] = r.command;
  j["state"] = name_of(r.state);
  j["allowed_nodes"] = std::vector<acre::node_id>(b.allowed_nodes.begin(), b.allowed_nodes.end());
  j["allowed_cpus"] = b.allowed_cpus;
  j["thread_policy"] = b.own ? json(b.own->to_string()) : json();
  j["page_size"] = b.page_size;
  j["pages"] = b.pages();
  j["bytes"] = b.pages() * b.page_size;
  j["transparent_huge"] = or_null(transparent_huge(r));
  j["nodes"] = nodes_json(r.totals);
  j["mappings"] = json::array();
  for (const auto& m : b.mappings) j["mappings"].push_back(mapping_json(r, m));
  return j.dump(layout == json_layout::indented ? 2 : -1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace acre_cli
