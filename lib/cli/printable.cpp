#include "cli/printable.hpp"

#include "cli/text.hpp"

namespace acre_cli {
namespace {

bool is_harmless(char32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return false;
  const bool turns = c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
                     (c >= 0x2066 && c <= 0x2069);
  return !turns && c != 0x2028 && c != 0x2029 && c != 0xfeff;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const utf8_character next = decoded_front(text);
    clean += next.valid && is_harmless(next.code) ? text.substr(0, next.bytes) : "?";
    text.remove_prefix(next.bytes);
  }
  return clean;
}

std::string shortened(std::string_view text, std::size_t width, const text_style& style) {
  const std::size_t all = columns(text);
  if (all <= width) return std::string(text);
  const std::string_view gap = style.ellipsis();
  if (width <= columns(gap) + 2) return std::string(text.substr(0, fitting(text, width)));
  // The ends of names tell most: the file of a path, the number of a series.
  const std::size_t room = width - columns(gap);
  const std::size_t front = room / 3;
  std::string_view end = text.substr(fitting(text, all - (room - front)));
  // Half of a wide character cannot be left out.
  if (columns(end) > room - front) end.remove_prefix(decoded_front(end).bytes);
  return std::string(text.substr(0, fitting(text, front))).append(gap).append(end);
}

std::string padded(std::string_view text, std::size_t width) {
  std::string line(text.substr(0, fitting(text, width)));
  const std::size_t used = columns(line);
  return used < width ? line + std::string(width - used, ' ') : line;
}

}  // namespace acre_cli
