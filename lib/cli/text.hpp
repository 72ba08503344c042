// text: numbers, lists and paragraphs for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace acre_cli {

/// "1 page", "1234 pages".
/// \param one the word for one of them
std::string counted(std::uint64_t n, std::string_view one);

/// {0, 1, 2, 8} is "0-2,8".
std::string format_cpus(const std::vector<unsigned>& cpus);

std::string repeat(std::string_view text, std::size_t times);

struct utf8_character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;  ///< false: one byte that begins no character
};
/// The first character of a text that is not empty.
utf8_character decoded_front(std::string_view text);

/// Columns that a UTF-8 text takes on a terminal: two for the characters of Chinese, none for accents that
/// join the character before. It counts one for each where the system does not know them (no locale C.UTF-8),
/// and for each byte that is no UTF-8.
std::size_t columns(std::string_view text);

/// Bytes of the longest start of `text` that takes at most `width` columns.
std::size_t fitting(std::string_view text, std::size_t width);

/// Lines of at most `width` columns, broken at spaces, each after `indent` spaces; words longer than a line
/// are cut.
/// \param further_indent for the lines after the first
std::string wrap(std::string_view text, std::size_t width, std::size_t indent, std::size_t further_indent);
inline std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  return wrap(text, width, indent, indent);
}

/// The first `width` columns of each line. For terminals narrower than what is made for them: the colours
/// (ECMA-48's SGR) take no columns.
std::string cut_lines(std::string_view lines, std::size_t width);

/// `text` as content of an HTML element or of a quoted attribute.
std::string escape_html(std::string_view text);

}  // namespace acre_cli
