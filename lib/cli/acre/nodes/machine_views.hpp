// machine_views: a machine_report as text and as JSON.
#pragma once

#include "cli/acre/nodes/machine_report.hpp"
#include "cli/common/terminal.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>

namespace acre_cli {

/// Lines of at most `width` columns; with 80 the distances of 16 nodes are one table.
std::string to_text(const machine_report& report, std::size_t width, const text_style& style);

/// Keys are promised to users; bytes are integers, what is not known is null.
nlohmann::ordered_json to_json(const machine_report& report);

}  // namespace acre_cli
