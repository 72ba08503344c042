#include "cli/acre/run/run_arguments.hpp"

#include "cli/common/input_error.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace acre_cli {
namespace {

constexpr char mark = '=';

bool takes_value(const CLI::App& run, const std::string& name) {
  const CLI::Option* const option = run.get_option_no_throw(name);
  return option != nullptr && option->get_items_expected_max() > 0;
}

/// Whether the argument after `argument`, an option, is its value.
bool next_is_value(const CLI::App& run, const std::string& argument) {
  if (argument.starts_with("--"))
    return argument.find('=') == std::string::npos && takes_value(run, argument);
  for (std::size_t i = 1; i < argument.size(); ++i) {
    if (takes_value(run, std::string("-") + argument[i])) return i + 1 == argument.size();
  }
  return false;
}

/// CLI11 would take the next argument for the value of "--bind=".
void require_value(const std::string& argument) {
  if (argument.starts_with("--") && argument.find('=') == argument.size() - 1)
    throw CLI::ArgumentMismatch(fmt::format("{} has no value", argument));
}

}  // namespace

std::vector<std::string> marked_command(const CLI::App& acre, std::vector<std::string> arguments) {
  if (arguments.empty() || arguments.front() != "run") return arguments;
  const CLI::App& run = *acre.get_subcommand("run");
  std::size_t at = 1;
  while (at < arguments.size()) {
    const std::string& argument = arguments[at];
    if (argument == "--") {
      arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    }
    if (argument.size() < 2 || argument.front() != '-') break;
    require_value(argument);
    at += next_is_value(run, argument) ? 2 : 1;
  }
  for (; at < arguments.size(); ++at) arguments[at].insert(arguments[at].begin(), mark);
  return arguments;
}

std::vector<std::string> unmarked_command(const std::vector<std::string>& marked) {
  std::vector<std::string> command;
  for (const std::string& argument : marked) {
    if (!argument.starts_with(mark)) throw input_error(fmt::format("run: '{}' was not expected", argument));
    command.push_back(argument.substr(1));
  }
  return command;
}

}  // namespace acre_cli
