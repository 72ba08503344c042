// The views of `acre where`: its report as text, as JSON and as a page.
#pragma once

#include "cli/terminal.hpp"
#include "cli/where/where_report.hpp"

#include <cstddef>
#include <string>

namespace acre_cli {

struct where_text_options {
  std::size_t top = 20;      ///< mappings shown one by one; 0: all
  std::size_t columns = 80;  ///< what is laid out for
  bool cut = true;           ///< names and policies that are too long for that, as on terminals
  std::size_t lines = 0;     ///< at most so many; 0: any number
  bool time = false;         ///< begins with the local time
  text_style style = {};
};
std::string where_text(const where_report& r, const where_text_options& options);

enum class json_layout { indented, one_line };
/// For programs: all mappings, and a newline. Its keys are documented and stay. U+FFFD is what is no UTF-8.
std::string where_json(const where_report& r, json_layout layout);

/// Mappings with a line of their own; the others are summed up, so that a browser copes.
inline constexpr std::size_t most_mappings_of_a_page = 500;
/// One page that needs nothing else: no scripts, no fonts, no network.
std::string where_html(const where_report& r);

}  // namespace acre_cli
