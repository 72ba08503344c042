#include "cli/command.hpp"
#include "cli/completion/candidates.hpp"
#include "cli/completion/scripts.hpp"

#include <cstdio>
#include <memory>

namespace acre_cli {

command completion_command() {
  const auto shell = std::make_shared<std::string>();
  return {.name = "acre completion",
          .about = "Writes the completion script for a shell.",
          .words = {{"bash|zsh|fish", "for this one", into(*shell)}},
          .notes = {"For example: source <(acre completion bash)"},
          .act = [shell] {
            fmt::print("{}", *shell == "bash" ? bash_script : *shell == "zsh" ? zsh_script : fish_script);
            return 0;
          }};
}

command candidates_command() {
  const auto words = std::make_shared<std::vector<std::string>>();
  return {.name = "acre candidates", .about = "", .words = {{"WORD...", "", into(*words)}}, .act = [words] {
            for (const std::string& line : candidates(acre_command(), *words)) fmt::print("{}\n", line);
            return 0;
          }};
}

}  // namespace acre_cli
