// typed_words: positional arguments exactly as they were typed. CLI11 reads more into them: it parts "[a,b]", takes
// "{}" for nothing, "++" for the end of a command, and "run" in `acre where run` for another command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace acre_cli {

/// The command below `command` that has this name; null if there is none.
const CLI::App* command_of(const CLI::App& command, const std::string& name);

/// Gives each positional argument a mark in front, so that CLI11 takes it for the one word that it is. Of a command with
/// positionals_at_end(), all that follows its first word or "--" are words. Words that a command has no place for
/// stay as they are, for the message on them.
/// \param arguments without the program's name
/// \throws CLI::ArgumentMismatch for an option that ends in '=': CLI11 would take the next argument for its value
std::vector<std::string> marked_words(const CLI::App& acre, std::vector<std::string> arguments);

/// The word as it was typed.
std::string unmarked(std::string_view marked);

/// What every positional argument is read into. (One that has checks, which see text, has
/// transform(unmarked) instead.)
struct typed_word {
  typed_word() = default;  // no aggregate, which CLI11 would make of the marked string itself
  std::string text;
};

/// For CLI11, which finds it by the type of `word`.
bool lexical_cast(const std::string& marked, typed_word& word);

}  // namespace acre_cli
