#include "cli/acre/doctor/doctor_views.hpp"

#include <nlohmann/json.hpp>

namespace acre_cli {
namespace {

using json = nlohmann::ordered_json;

template <class Value>
json or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json();
}

json or_null(const std::optional<trial>& tried) {
  if (!tried) return {};
  return {{"outcome", to_string(tried->result)}, {"why", tried->why}};
}

json to_json(const node_facts& node) {
  json pools = json::array();
  for (const auto& pool : node.huge_pages)
    pools.push_back({{"page_size", pool.page_size}, {"total", pool.total}, {"free", pool.free}});
  return {{"node", node.node},
          {"capacity", or_null(node.capacity)},
          {"free", or_null(node.free)},
          {"reclaimable", or_null(node.reclaimable)},
          {"cpu_count", or_null(node.cpus)},
          {"allowed", node.allowed},
          {"huge_pages", std::move(pools)},
          {"binding", or_null(node.binding)}};
}

json trials_of(const doctor_facts& facts) {
  return {{"prefer_one", or_null(facts.home_node)},
          {"prefer_several", or_null(facts.prefer_many)},
          {"interleave", or_null(facts.interleave)},
          {"weighted_by_system", or_null(facts.weighted_interleave)},
          {"thread_binding", or_null(facts.thread_binding)},
          {"locate", or_null(facts.locating)},
          {"migrate", or_null(facts.migrating)},
          {"move_process", or_null(facts.moving_processes)}};
}

json settings_of(const doctor_facts& facts) {
  return {{"seccomp", or_null(facts.seccomp)},
          {"numa_balancing", or_null(facts.numa_balancing)},
          {"demotion_enabled", or_null(facts.demotion)},
          {"transparent_hugepage_enabled", or_null(facts.thp_enabled)},
          {"transparent_hugepage_defrag", or_null(facts.thp_defrag)},
          {"transparent_hugepage_shmem_enabled", or_null(facts.thp_shmem)},
          {"max_map_count", or_null(facts.max_map_count)},
          {"overcommit_memory", or_null(facts.overcommit)},
          {"zone_reclaim_mode", or_null(facts.zone_reclaim)}};
}

json facts_json(const doctor_facts& facts) {
  json nodes = json::array();
  for (const auto& node : facts.nodes) nodes.push_back(to_json(node));
  json limit;
  if (facts.memory_limit) limit = {{"limit", facts.memory_limit->limit}, {"used", facts.memory_limit->used}};
  json shm;
  if (facts.shm) shm = {{"size", facts.shm->size}, {"free", facts.shm->free}};
  return {{"kernel", facts.kernel},
          {"hwloc", facts.hwloc},
          {"nodes", std::move(nodes)},
          {"proc", facts.has_proc},
          {"sys", facts.has_sys},
          {"memory_group_seen", facts.group_is_seen},
          {"trials", trials_of(facts)},
          {"settings", settings_of(facts)},
          {"memory_limit", std::move(limit)},
          {"dev_shm", std::move(shm)}};
}

}  // namespace

nlohmann::ordered_json to_json(const doctor_facts& facts, const std::vector<finding>& findings) {
  json list = json::array();
  for (const auto& f : findings) {
    list.push_back({{"id", f.id},
                    {"level", to_string(f.level)},
                    {"text", f.text},
                    {"remedy", f.remedy.empty() ? json() : json(f.remedy)}});
  }
  return {{"usable", is_usable(findings)},
          {"verdict", verdict_on(findings)},
          {"findings", std::move(list)},
          {"facts", facts_json(facts)}};
}

}  // namespace acre_cli
