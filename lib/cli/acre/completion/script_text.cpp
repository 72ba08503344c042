#include "cli/acre/completion/script_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace acre_cli {

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  return fmt::format("{}", fmt::join(words, between));
}

std::string path_of(const completed_command& command) {
  return command.path.empty() ? std::string() : "/" + joined(command.path, "/");
}

std::string in_quotes(std::string_view text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'')
      word += "'\\''";
    else
      word += c;
  }
  return word + "'";
}

bool runs_another(const completed_command& command) {
  return !command.positionals.empty() && command.positionals.front().value == value_kind::command_line;
}

}  // namespace acre_cli
