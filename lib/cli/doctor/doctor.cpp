#include "cli/command.hpp"
#include "cli/doctor/findings.hpp"
#include "cli/terminal.hpp"

#include <fmt/format.h>

#include <memory>

namespace acre_cli {

static int examine(bool as_json) {
  const doctor_facts facts = collect_facts(acre::topology::system(), acre::system_files());
  const std::vector<finding> findings = judge(facts);
  fmt::print("{}", as_json ? to_json(facts, findings).dump(2) + '\n'
                           : to_text(findings, line_length_of_stdout(), style_of_stdout()));
  return is_usable(findings) ? done : failed;
}

command doctor_command() {
  const auto as_json = std::make_shared<bool>(false);
  return {
      .name = "acre doctor",
      .about = "Finds out, by trying, whether placement works here, and says what to do where it does not.",
      .options =
          {{{"--json"}, "", "write JSON: verdict, findings, and the facts behind them", into(*as_json)}},
      .notes = {"Exit status: 0 placement works (perhaps with warnings), 1 it does not."},
      .act = [as_json] { return examine(*as_json); }};
}

}  // namespace acre_cli
