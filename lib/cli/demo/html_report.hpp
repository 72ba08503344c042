// html_report: the report as one page that needs nothing else: no scripts, no fonts, no network.
#pragma once

#include "cli/demo/report.hpp"

#include <string>
#include <string_view>

namespace acre_demo {

std::string render_html(const report& r);

/// `text` as content of an element or of a quoted attribute.
std::string escape_html(std::string_view text);

/// What stands in the page's style element.
std::string_view html_style() noexcept;

}  // namespace acre_demo
