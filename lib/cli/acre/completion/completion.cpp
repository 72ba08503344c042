#include "cli/acre/completion/completion.hpp"

#include "cli/acre/command.hpp"
#include "cli/acre/typed_words.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

namespace acre_cli {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// Kinds by the names that options give to their values' types, and places to themselves.
value_kind kind_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return value_kind::none;
  const std::string told = option.get_type_name();
  const std::string type = told.empty() ? option.get_name() : told;
  if (type.find('{') != std::string::npos) return value_kind::choice;
  if (type.starts_with("NODES")) return value_kind::nodes;
  if (type.starts_with("FILE")) return value_kind::file;
  if (type.starts_with("PID")) return value_kind::process;
  if (type.starts_with("COMMAND")) return value_kind::command_line;
  if (type.starts_with("SEGMENT")) return value_kind::segment;
  return value_kind::anything;
}

/// CLI::IsMember writes "TEXT:{a,b}".
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto open = type.find('{'), close = type.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return {};
  std::vector<std::string> choices;
  std::string list = type.substr(open + 1, close - open - 1) + ",";
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t comma = list.find(',', at);
    choices.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return choices;
}

completed_option completed(const CLI::Option& option) {
  completed_option o{.description = first_line(option.get_description()),
                     .value = kind_of(option),
                     .choices = choices_of(option)};
  for (const std::string& name : option.get_lnames()) o.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) o.names.push_back("-" + name);
  return o;
}

/// A placement is its strategy and then, mostly, nodes.
void add_placement(completed_command& c) {
  c.positionals.push_back({.description = "placement",
                           .value = value_kind::choice,
                           .choices = {"unbound", "local", "bind", "prefer", "interleave", "weighted",
                                       "weighted_by_system", "blocked", "most_free"}});
  c.positionals.push_back({.description = "nodes", .value = value_kind::nodes, .repeated = true});
}

void add_positional(const CLI::Option& option, completed_command& c) {
  if (option.get_name() == "PLACEMENT") return add_placement(c);
  c.positionals.push_back(completed(option));
  c.positionals.back().repeated = option.get_items_expected_max() > 1;
}

/// Groups of options are nameless commands to CLI11; what they have belongs to the command they are in.
void add_options(const CLI::App& app, completed_command& c) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    if (option->get_positional()) {
      add_positional(*option, c);
    } else {
      c.options.push_back(completed(*option));
    }
  }
  for (const CLI::App* group : app.get_subcommands([](const CLI::App* a) { return a->get_name().empty(); }))
    add_options(*group, c);
}

void add(const CLI::App& app, std::vector<std::string> path, std::vector<completed_command>& all) {
  completed_command c{.path = path, .description = first_line(app.get_description())};
  add_options(app, c);
  const auto below = app.get_subcommands([](const CLI::App* a) { return !a->get_name().empty(); });
  for (const CLI::App* command : below) c.commands.push_back(command->get_name());
  all.push_back(std::move(c));
  for (const CLI::App* command : below) {
    path.push_back(command->get_name());
    add(*command, path, all);
    path.pop_back();
  }
}

}  // namespace

std::vector<completed_command> completed_commands(const CLI::App& acre) {
  std::vector<completed_command> all;
  add(acre, {}, all);
  return all;
}

void add_completion(CLI::App& acre, action& chosen) {
  CLI::App& command = *acre.add_subcommand("completion", "Writes the completion script for a shell.");
  const auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "for this one")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->transform(unmarked);
  command.footer("For example: source <(acre completion bash)");
  command.callback([&acre, &chosen, shell] {
    chosen = [&acre, shell] {
      const auto all = completed_commands(acre);
      fmt::print("{}", *shell == "bash"  ? bash_completion(all)
                       : *shell == "zsh" ? zsh_completion(all)
                                         : fish_completion(all));
      return done;
    };
  });
}

}  // namespace acre_cli
