// where_html: the report as one page that needs nothing else: no scripts, no fonts, no network.
#pragma once

#include "cli/acre/where/where_report.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace acre_cli {

/// Mappings with a line of their own; the others are summed up, so that a browser copes.
inline constexpr std::size_t most_mappings_of_a_page = 500;

std::string where_html(const where_report& r);

/// What stands in the page's style element.
std::string_view where_style() noexcept;

}  // namespace acre_cli
