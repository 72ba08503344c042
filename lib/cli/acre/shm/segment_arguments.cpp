#include "cli/acre/shm/segment_arguments.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>

namespace acre_cli {
namespace {

constexpr char mark = '=';

/// None if there is no command of this name.
const CLI::App* command_of(const CLI::App& shm, const std::string& name) {
  for (const CLI::App* command : shm.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

/// How many positional words it has a place for.
std::size_t room_of(const CLI::App& command) {
  std::size_t room = 0;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) room += static_cast<std::size_t>(option->get_items_expected_max());
  }
  return room;
}

/// As CLI11 sees it: "-" and "-5" are words.
bool is_option(const std::string& argument) {
  return argument.size() > 1 && argument[0] == '-' && (argument[1] < '0' || argument[1] > '9');
}

/// Whether the argument after `argument`, an option, is its value.
bool next_is_value(const CLI::App& command, const std::string& argument) {
  const CLI::Option* const option = command.get_option_no_throw(argument);
  return option != nullptr && option->get_items_expected_max() > 0;
}

}  // namespace

std::vector<std::string> marked_segments(const CLI::App& acre, std::vector<std::string> arguments) {
  if (arguments.size() < 2 || arguments.front() != "shm") return arguments;
  const CLI::App* const command = command_of(*acre.get_subcommand("shm"), arguments[1]);
  if (command == nullptr) return arguments;
  std::size_t room = room_of(*command);
  bool options = true;
  for (std::size_t at = 2; at < arguments.size() && room > 0; ++at) {
    std::string& argument = arguments[at];
    if (options && argument == "--") {
      options = false;
    } else if (options && is_option(argument)) {
      if (next_is_value(*command, argument)) ++at;
    } else {
      argument.insert(argument.begin(), mark);
      --room;
    }
  }
  return arguments;
}

/// What is_option() takes for an option and CLI11 for a word, "---x" say, has no mark; it begins with a dash.
std::string unmarked_segment(const std::string& marked) {
  return marked.starts_with(mark) ? marked.substr(1) : marked;
}

}  // namespace acre_cli
