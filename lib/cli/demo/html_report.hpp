// html_report: the report as one page that needs nothing else: no scripts, no fonts, no network.
#pragma once

#include "cli/common/text.hpp"
#include "cli/demo/report.hpp"

#include <string>
#include <string_view>

namespace acre_demo {

using acre_cli::escape_html;

std::string render_html(const report& r);

/// What stands in the page's style element.
std::string_view html_style() noexcept;

}  // namespace acre_demo
