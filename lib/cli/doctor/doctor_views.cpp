// Findings and facts as text and as JSON.
#include "cli/doctor/findings.hpp"
#include "cli/json_values.hpp"
#include "cli/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace acre_cli {

using json = nlohmann::ordered_json;

NLOHMANN_JSON_SERIALIZE_ENUM(outcome, {{outcome::works, "works"},
                                       {outcome::less, "less"},
                                       {outcome::elsewhere, "elsewhere"},
                                       {outcome::unseen, "unseen"},
                                       {outcome::denied, "denied"},
                                       {outcome::unsupported, "unsupported"},
                                       {outcome::failed, "failed"}})

namespace {

struct level_view {
  const char* name;
  const char* color;
};
/// In the order of finding_level.
constexpr level_view levels[] = {{"ok", "32"}, {"note", "36"}, {"warning", "33"}, {"problem", "1;31"}};

const level_view& view_of(const finding& f) { return levels[static_cast<std::size_t>(f.level)]; }

}  // namespace

static void to_json(json& j, const trial& t) { j = {{"outcome", t.result}, {"why", t.why}}; }
static void to_json(json& j, const shm_facts& s) { j = {{"size", s.size}, {"free", s.free}}; }

static void to_json(json& j, const finding& f) {
  j = {{"id", f.id},
       {"level", view_of(f).name},
       {"text", f.text},
       {"remedy", f.remedy.empty() ? json() : json(f.remedy)}};
}

static void to_json(json& j, const node_facts& n) {
  j = {{"node", n.node},
       {"capacity", n.capacity},
       {"free", n.free},
       {"reclaimable", n.reclaimable},
       {"cpu_count", n.cpus},
       {"allowed", n.allowed},
       {"huge_pages", n.huge_pages},
       {"binding", n.binding}};
}

static void to_json(json& j, const doctor_facts& f) {
  const json trials = {{"prefer_one", f.home_node},
                       {"prefer_several", f.prefer_many},
                       {"interleave", f.interleave},
                       {"weighted_by_system", f.weighted_interleave},
                       {"thread_binding", f.thread_binding},
                       {"locate", f.locating},
                       {"migrate", f.migrating},
                       {"move_process", f.moving_processes}};
  const json settings = {{"seccomp", f.seccomp},
                         {"numa_balancing", f.numa_balancing},
                         {"demotion_enabled", f.demotion},
                         {"transparent_hugepage_enabled", f.thp_enabled},
                         {"transparent_hugepage_defrag", f.thp_defrag},
                         {"transparent_hugepage_shmem_enabled", f.thp_shmem},
                         {"max_map_count", f.max_map_count},
                         {"overcommit_memory", f.overcommit},
                         {"zone_reclaim_mode", f.zone_reclaim}};
  j = {{"kernel", f.kernel}, {"hwloc", f.hwloc},     {"nodes", f.nodes},
       {"proc", f.has_proc}, {"sys", f.has_sys},     {"memory_group_seen", f.group_is_seen},
       {"trials", trials},   {"settings", settings}, {"memory_limit", f.memory_limit},
       {"dev_shm", f.shm}};
}

json to_json(const doctor_facts& facts, const std::vector<finding>& findings) {
  return {{"usable", is_usable(findings)},
          {"verdict", verdict_on(findings)},
          {"findings", findings},
          {"facts", facts}};
}

std::string verdict_on(const std::vector<finding>& findings) {
  if (!is_usable(findings)) return "Placement does not work here.";
  const auto warnings = std::ranges::count(findings, finding_level::warning, &finding::level);
  if (warnings == 0) return "Placement works here.";
  return fmt::format("Placement works here, with {} warning{}.", warnings, warnings == 1 ? "" : "s");
}

std::string to_text(const std::vector<finding>& findings, std::size_t width, const text_style& style) {
  constexpr std::size_t label = 11;  // "  warning  "
  std::string text = style.in("1", verdict_on(findings)) + "\n\n";
  for (const auto& f : findings) {
    text += "  " + style.in(view_of(f).color, fmt::format("{:<7}", view_of(f).name)) + "  ";
    text += wrap(f.text, width, label).substr(label);
    if (!f.remedy.empty()) text += wrap("> " + f.remedy, width, label);
  }
  return text;
}

}  // namespace acre_cli
