// where_json: the report for programs. Its keys are documented and stay.
#pragma once

#include "cli/acre/where/where_report.hpp"

#include <string>

namespace acre_cli {

enum class json_layout { one_line, indented };

/// All mappings. Names that are no UTF-8 have U+FFFD where they are not. Ends with a newline.
std::string where_json(const where_report& r, json_layout layout);

}  // namespace acre_cli
