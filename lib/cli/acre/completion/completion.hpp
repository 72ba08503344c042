// completion: what can be typed where, and the scripts that tell shells so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace acre_cli {

/// What stands at a place.
enum class value_kind {
  none,
  anything,
  nodes,
  file,
  process,
  command_line,  ///< this word and all that follow are another command's
  segment,
  choice
};

struct completed_option {
  std::vector<std::string> names = {};  ///< "--json", "-m"
  std::string description = {};         ///< one line
  value_kind value = value_kind::none;
  std::vector<std::string> choices = {};  ///< of value_kind::choice
  bool repeated = false;                  ///< a positional that takes all words that follow
};

/// `acre`, or a command of it: the path is {} or {"shm", "list"}.
struct completed_command {
  std::vector<std::string> path = {};
  std::string description = {};
  std::vector<completed_option> options = {};
  std::vector<completed_option> positionals = {};  ///< in order; names are empty
  std::vector<std::string> commands = {};          ///< below it
};

/// `acre` first, each command before those below it.
std::vector<completed_command> completed_commands(const CLI::App& acre);

std::string bash_completion(const std::vector<completed_command>& commands);
std::string zsh_completion(const std::vector<completed_command>& commands);
std::string fish_completion(const std::vector<completed_command>& commands);

}  // namespace acre_cli
