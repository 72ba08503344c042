// memory_report: what `acre run --report` says in the end.
#pragma once

#include "cli/run/command_process.hpp"
#include "cli/run/memory_watch.hpp"
#include "cli/terminal.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace acre_cli {

/// \param name of the command
std::string memory_report(std::string_view name, const memory_watch& watch, const command_end& end,
                          std::size_t width, const text_style& style);

}  // namespace acre_cli
