#include "cli/acre/command.hpp"

#include <CLI/CLI.hpp>

#include <stdexcept>

namespace acre_cli {

void add_where(CLI::App& acre, action& chosen) {
  CLI::App& command = *acre.add_subcommand("where");
  command.callback([&chosen] { chosen = []() -> int { throw std::logic_error("not yet"); }; });
}

}  // namespace acre_cli
