#include "cli/acre/doctor/findings.hpp"

#include <algorithm>

namespace acre_cli {

std::string_view to_string(finding_level level) noexcept {
  switch (level) {
    case finding_level::ok:
      return "ok";
    case finding_level::note:
      return "note";
    case finding_level::warning:
      return "warning";
    case finding_level::problem:
      return "problem";
  }
  return "unknown";
}

std::vector<finding> judge(const doctor_facts& facts) {
  std::vector<finding> findings;
  judge_software(facts, findings);
  judge_nodes(facts, findings);
  judge_calls(facts, findings);
  judge_memory(facts, findings);
  judge_huge_pages(facts, findings);
  judge_settings(facts, findings);
  return findings;
}

bool is_usable(const std::vector<finding>& findings) noexcept {
  return std::ranges::none_of(findings, [](const finding& f) { return f.level == finding_level::problem; });
}

}  // namespace acre_cli
