// text_report: the report for a terminal or a file, 80 columns wide.
#pragma once

#include "cli/common/terminal.hpp"
#include "cli/demo/report.hpp"

#include <string>

namespace acre_demo {

using acre_cli::text_style;

std::string render_text(const report& r, const text_style& style);

}  // namespace acre_demo
