#include "cli/acre/printable.hpp"

#include "cli/common/text.hpp"

#include <array>
#include <cstdint>

namespace acre_cli {
namespace {

struct decoded {
  char32_t character = 0;
  std::size_t bytes = 0;  // 0: no UTF-8
};

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

decoded decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {};
  char32_t c = first & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!continues(text[i])) return {};
    c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (c < least[bytes] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return {};
  return {c, bytes};
}

bool is_harmless(char32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return false;
  const bool turns = c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
                     (c >= 0x2066 && c <= 0x2069);
  return !turns && c != 0x2028 && c != 0x2029 && c != 0xfeff;
}

// Bytes of the first `width` characters.
std::size_t bytes_of(std::string_view text, std::size_t width) {
  std::size_t i = 0;
  for (std::size_t used = 0; i < text.size(); ++i)
    if (!continues(text[i]) && ++used > width) break;
  return i;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const decoded next = decode(text);
    if (next.bytes != 0 && is_harmless(next.character)) {
      clean += text.substr(0, next.bytes);
    } else {
      clean += '?';
    }
    text.remove_prefix(next.bytes == 0 ? 1 : next.bytes);
  }
  return clean;
}

std::string shortened(std::string_view text, std::size_t width, const text_style& style) {
  const std::size_t all = columns(text);
  if (all <= width) return std::string(text);
  const std::string_view gap = style.unicode ? "…" : "...";
  if (width <= columns(gap) + 2) return std::string(text.substr(0, bytes_of(text, width)));
  // The ends of names tell most: the file of a path, the number of a series.
  const std::size_t room = width - columns(gap);
  const std::size_t front = room / 3;
  std::string cut(text.substr(0, bytes_of(text, front)));
  cut += gap;
  cut += text.substr(bytes_of(text, all - (room - front)));
  return cut;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string line(text.substr(0, bytes_of(text, width)));
  const std::size_t used = columns(line);
  return used < width ? line + std::string(width - used, ' ') : line;
}

}  // namespace acre_cli
