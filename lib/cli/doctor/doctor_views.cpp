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
                                       {outcome::denied, "denied"},
                                       {outcome::unsupported, "unsupported"},
                                       {outcome::failed, "failed"}})

namespace {

/// Names and colours, in the order of finding_level.
constexpr std::pair<const char*, const char*> levels[] = {
    {"ok", "32"}, {"note", "36"}, {"warning", "33"}, {"problem", "1;31"}};

const auto& view_of(const finding& f) { return levels[static_cast<std::size_t>(f.level)]; }

}  // namespace

static void to_json(json& j, const trial& t) {
  j = t.result == outcome::untried ? json() : json{{"outcome", t.result}, {"why", t.why}};
}
static void to_json(json& j, const shm_facts& s) { j = {{"size", s.size}, {"free", s.free}}; }

static void to_json(json& j, const finding& f) {
  j = {{"id", f.id},
       {"level", view_of(f).first},
       {"text", f.text},
       {"remedy", f.remedy.empty() ? json() : json(f.remedy)}};
}

json to_json(const doctor_facts& f, const std::vector<finding>& findings) {
  json nodes = to_json(f.machine)["nodes"];
  for (auto& node : nodes) {
    const auto tried = f.binding.find(node["node"].get<acre::node_id>());
    node["binding"] = tried == f.binding.end() ? json() : json(tried->second);
  }
  const json facts = {{"kernel", f.kernel},
                      {"hwloc", f.hwloc},
                      {"nodes", nodes},
                      {"proc", f.has_proc},
                      {"proc_is_own", f.proc_is_own},
                      {"sys", f.has_sys},
                      {"memory_group_seen", f.group_is_seen},
                      {"trials", f.trials},
                      {"settings", f.settings},
                      {"memory_limit", f.memory_limit},
                      {"dev_shm", f.shm}};
  return {{"usable", is_usable(findings)},
          {"verdict", verdict_on(findings)},
          {"findings", findings},
          {"facts", facts}};
}

std::string verdict_on(const std::vector<finding>& findings) {
  if (!is_usable(findings)) return "Placement does not work here.";
  const auto warnings = std::ranges::count(findings, finding_level::warning, &finding::level);
  if (warnings == 0) return "Placement works here.";
  return fmt::format("Placement works here, with {}.",
                     counted(static_cast<std::uint64_t>(warnings), "warning"));
}

std::string to_text(const std::vector<finding>& findings, std::size_t width, const text_style& style) {
  constexpr std::size_t label = 11;  // "  warning  "
  std::string text = style.in("1", verdict_on(findings)) + "\n\n";
  for (const auto& f : findings) {
    const auto& [name, color] = view_of(f);
    text += "  " + style.in(color, fmt::format("{:<7}", name)) + "  ";
    text += wrap(f.text, width, label).substr(label);
    if (!f.remedy.empty()) text += wrap("> " + f.remedy, width, label);
  }
  return cut_lines(text, width);
}

}  // namespace acre_cli
