// findings: what the facts mean for placement, in plain words.
#pragma once

#include "cli/acre/doctor/doctor_facts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace acre_cli {

enum class finding_level {
  ok,
  note,     ///< worth knowing
  warning,  ///< part of acre does not work, or not as one may expect
  problem,  ///< placement does not work here
};
std::string_view to_string(finding_level level) noexcept;

struct finding {
  std::string id;  ///< promised to users of --json
  finding_level level = finding_level::ok;
  std::string text;    ///< a sentence
  std::string remedy;  ///< what to do about it; empty if ok
};

/// A pure function. There is a problem exactly if placement does not work.
std::vector<finding> judge(const doctor_facts& facts);

/// No problem among them.
bool is_usable(const std::vector<finding>& findings) noexcept;

/// The parts of judge(), each adds its findings.
void judge_software(const doctor_facts& facts, std::vector<finding>& findings);
void judge_nodes(const doctor_facts& facts, std::vector<finding>& findings);
void judge_calls(const doctor_facts& facts, std::vector<finding>& findings);
void judge_memory(const doctor_facts& facts, std::vector<finding>& findings);
void judge_huge_pages(const doctor_facts& facts, std::vector<finding>& findings);
void judge_settings(const doctor_facts& facts, std::vector<finding>& findings);

}  // namespace acre_cli
