#include "cli/acre/doctor/doctor_views.hpp"
#include "cli/common/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace acre_cli {
namespace {

constexpr std::size_t label = 11;  // "  warning  "

const char* color_of(finding_level level) {
  switch (level) {
    case finding_level::ok:
      return "32";
    case finding_level::note:
      return "36";
    case finding_level::warning:
      return "33";
    case finding_level::problem:
      break;
  }
  return "1;31";
}

}  // namespace

std::string verdict_on(const std::vector<finding>& findings) {
  if (!is_usable(findings)) return "Placement does not work here.";
  const auto warnings = std::ranges::count(findings, finding_level::warning, &finding::level);
  if (warnings == 0) return "Placement works here.";
  return fmt::format("Placement works here, with {} warning{}.", warnings, warnings == 1 ? "" : "s");
}

std::string to_text(const std::vector<finding>& findings, std::size_t width, const text_style& style) {
  std::string text = style.in("1", verdict_on(findings)) + "\n\n";
  for (const auto& f : findings) {
    text += "  " + style.in(color_of(f.level), fmt::format("{:<7}", to_string(f.level))) + "  ";
    text += wrap(f.text, width, label).substr(label);
    if (!f.remedy.empty()) text += wrap("> " + f.remedy, width, label);
  }
  return text;
}

}  // namespace acre_cli
