// findings: what the facts mean for placement, in plain words and as JSON.
#pragma once

#include "cli/doctor/doctor_facts.hpp"
#include "cli/terminal.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace acre_cli {

enum class finding_level {
  ok,
  note,     ///< worth knowing
  warning,  ///< part of acre does not work, or not as one may expect
  problem,  ///< placement does not work here
};

struct finding {
  std::string id;  ///< promised to users of --json
  finding_level level = finding_level::ok;
  std::string text;    ///< a sentence
  std::string remedy;  ///< what to do about it; empty if ok
};

/// What was found so far.
struct judgement {
  std::vector<finding> found = {};

  /// Adds a finding if it holds.
  void operator()(finding_level level, const char* id, bool holds, std::string text,
                  const char* remedy = "") {
    if (holds) found.push_back({id, level, std::move(text), remedy});
  }
};

/// " (said the kernel)"; empty if it said nothing.
std::string in_brackets(const std::string& why);

/// The part of judge() that looks at room, huge pages and settings.
void judge_memory(const doctor_facts& facts, judgement& say);

/// A pure function. There is a problem exactly if placement does not work.
std::vector<finding> judge(const doctor_facts& facts);

/// No problem among them.
bool is_usable(const std::vector<finding>& findings) noexcept;

/// "Placement works here, with 2 warnings."
std::string verdict_on(const std::vector<finding>& findings);

/// The verdict, then every finding and what to do about it, in lines of at most `width` columns.
std::string to_text(const std::vector<finding>& findings, std::size_t width, const text_style& style);

/// Keys and the findings' ids are promised to users; what is not known is null.
nlohmann::ordered_json to_json(const doctor_facts& facts, const std::vector<finding>& findings);

}  // namespace acre_cli
