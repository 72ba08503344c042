// text: numbers, lists and paragraphs for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace acre_cli {

std::string format_count(std::uint64_t n);  ///< "1 234 567"

/// {0, 1, 2, 8} is "0-2,8".
std::string format_cpus(const std::vector<unsigned>& cpus);

std::string repeat(std::string_view text, std::size_t times);

/// Columns a UTF-8 text takes, counting one for each character.
std::size_t columns(std::string_view text);

/// Lines of at most `width` columns, broken at spaces, each after `indent` spaces; words longer than a line
/// are cut.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

/// `text` as content of an HTML element or of a quoted attribute.
std::string escape_html(std::string_view text);

}  // namespace acre_cli
