// printable: text of other processes, made fit for a line of a terminal or a page.
#pragma once

#include "cli/terminal.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace acre_cli {

/// `text` as UTF-8 without anything that could move a cursor, break a line or turn the direction of writing;
/// each such character, and each byte that is no UTF-8, becomes one '?'.
std::string printable(std::string_view text);

/// `text`, with its middle left out where it takes more than `width` columns; at most that wide.
std::string shortened(std::string_view text, std::size_t width, const text_style& style);

/// The first `width` columns of `text`, filled up with spaces.
std::string padded(std::string_view text, std::size_t width);

}  // namespace acre_cli
