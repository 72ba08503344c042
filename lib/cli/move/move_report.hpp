// move_report: how far `acre move` is, and what it did.
#pragma once

#include "cli/terminal.hpp"

#include <acre/move_process.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>

namespace acre_cli {

/// One line of at most `width` columns, or of 5 where that is less: a bar, and how far the pages of a node are.
std::string progress_line(const acre::process_move& now, std::size_t number, std::size_t count,
                          std::size_t width, const text_style& style);

/// What was moved, what was not and why.
std::string move_summary(const acre::process_migration& result, std::size_t width);

nlohmann::json move_json(const acre::process_migration& result);

/// Whether all pages moved, but for those of mappings that other processes share: the system keeps them where
/// they are, and every program has some.
bool all_moved(const acre::process_migration& result);

}  // namespace acre_cli
