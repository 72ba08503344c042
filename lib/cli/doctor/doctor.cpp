#include "cli/command.hpp"
#include "cli/doctor/findings.hpp"
#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace acre_cli {
namespace {

struct doctor_options {
  bool json = false;
};

int examine(const doctor_options& options) {
  const doctor_facts facts = collect_facts(acre::topology::system(), acre::system_files());
  const std::vector<finding> findings = judge(facts);
  if (options.json) {
    fmt::print("{}\n", to_json(facts, findings).dump(2));
  } else {
    fmt::print("{}", to_text(findings, line_length_of_stdout(), style_of_stdout()));
  }
  return is_usable(findings) ? done : failed;
}

}  // namespace

command doctor_command() {
  const auto options = std::make_shared<doctor_options>();
  return {
      .name = "acre doctor",
      .about = "Finds out, by trying, whether placement works here, and says what to do where it does not.",
      .options =
          {{{"--json"}, "", "write JSON: verdict, findings, and the facts behind them", into(options->json)}},
      .notes = {"Exit status: 0 placement works (perhaps with warnings), 1 it does not."},
      .act = [options] { return examine(*options); }};
}

}  // namespace acre_cli
