// where_text: the report for a terminal.
#pragma once

#include "cli/acre/where/where_report.hpp"
#include "cli/common/terminal.hpp"

#include <cstddef>
#include <string>

namespace acre_cli {

struct where_text_options {
  std::size_t top = 20;  ///< mappings shown one by one; 0: all
  std::size_t columns = 80;
  std::size_t lines = 0;  ///< at most so many; 0: any number
  text_style style;
};

std::string where_text(const where_report& r, const where_text_options& options);

}  // namespace acre_cli
