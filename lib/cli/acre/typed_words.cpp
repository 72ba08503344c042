#include "cli/acre/typed_words.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstddef>

namespace acre_cli {
namespace {

constexpr char mark = '=';

/// How many positional arguments the command has a place for.
std::size_t room_of(const CLI::App& command) {
  std::size_t room = 0;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) room += static_cast<std::size_t>(option->get_items_expected_max());
  }
  return room;
}

/// As CLI11 sees it: "-", "---x" and "-5" are words.
bool is_option(const std::string& argument) {
  std::string name;
  std::string rest;
  if (CLI::detail::split_long(argument, name, rest)) return true;
  return CLI::detail::split_short(argument, name, rest) && (name[0] < '0' || name[0] > '9');
}

/// Not of an option that can do without: what follows it may be a word.
bool takes_value(const CLI::App& command, const std::string& name) {
  const CLI::Option* const option = command.get_option_no_throw(name);
  return option != nullptr && option->get_items_expected_min() > 0;
}

/// Whether the argument after `argument`, an option, is its value. "-lC" are two options.
bool next_is_value(const CLI::App& command, const std::string& argument) {
  if (argument.starts_with("--"))
    return argument.find('=') == std::string::npos && takes_value(command, argument);
  for (std::size_t i = 1; i < argument.size(); ++i) {
    if (takes_value(command, std::string("-") + argument[i])) return i + 1 == argument.size();
  }
  return false;
}

void require_value(const std::string& argument) {
  if (argument.starts_with("--") && argument.find('=') == argument.size() - 1)
    throw CLI::ArgumentMismatch(fmt::format("{} has no value", argument));
}

}  // namespace

const CLI::App* command_of(const CLI::App& command, const std::string& name) {
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!name.empty() && below->get_name() == name) return below;
  }
  return nullptr;
}

std::vector<std::string> marked_words(const CLI::App& acre, std::vector<std::string> arguments) {
  const CLI::App* command = &acre;
  std::size_t room = room_of(acre);
  bool options = true;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    std::string& argument = arguments[at];
    if (options && argument == "--") {
      options = false;
    } else if (options && is_option(argument)) {
      require_value(argument);
      if (next_is_value(*command, argument)) ++at;
    } else if (room > 0) {
      argument.insert(argument.begin(), mark);
      --room;
      if (command->get_positionals_at_end()) options = false;
    } else if (const CLI::App* below = command_of(*command, argument)) {
      command = below;
      room = room_of(*below);
    }
  }
  return arguments;
}

std::string unmarked(std::string_view marked) {
  return std::string(marked.starts_with(mark) ? marked.substr(1) : marked);
}

bool lexical_cast(const std::string& marked, typed_word& word) {
  word.text = unmarked(marked);
  return true;
}

}  // namespace acre_cli
