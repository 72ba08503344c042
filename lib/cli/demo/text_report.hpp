// text_report: the report for a terminal or a file, as wide as that.
#pragma once

#include "cli/common/terminal.hpp"
#include "cli/demo/report.hpp"

#include <cstddef>
#include <string>

namespace acre_demo {

using acre_cli::text_style;

/// Lines of at most `width` columns.
std::string render_text(const report& r, std::size_t width, const text_style& style);

}  // namespace acre_demo
