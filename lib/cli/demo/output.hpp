// output: the page's file appears whole or not at all; what the terminal can show.
#pragma once

#include "cli/demo/text_report.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace acre_demo {

/// Finds out, before the work is done, that write_file() would fail; leaves nothing behind.
/// \throws input_error
void require_writable(const std::filesystem::path& path);

/// Writes beside `path` and renames.
/// \throws input_error; nothing is left behind then
void write_file(const std::filesystem::path& path, std::string_view text);

/// Colours for terminals unless NO_COLOR (https://no-color.org) or TERM=dumb says no; block characters for
/// terminals in UTF-8 locales.
text_style style_of_stdout();

}  // namespace acre_demo
