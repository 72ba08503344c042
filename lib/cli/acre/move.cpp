#include "cli/acre/command.hpp"

#include <CLI/CLI.hpp>

#include <stdexcept>

namespace acre_cli {

void add_move(CLI::App& acre, action& chosen) {
  CLI::App& command = *acre.add_subcommand("move");
  command.callback([&chosen] { chosen = []() -> int { throw std::logic_error("not yet"); }; });
}

}  // namespace acre_cli
