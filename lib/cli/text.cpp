#include "cli/text.hpp"

#include <fmt/format.h>

#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <array>

namespace acre_cli {
namespace {

/// Zero or two where it is not one.
std::size_t width_of(const utf8_character& c) {
  // glibc has a table of them, for locales in UTF-8: the program's own may be another.
  static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
  if (!c.valid || c.code < 0x300 || utf8 == locale_t{}) return 1;
  const locale_t before = ::uselocale(utf8);
  const int width = ::wcwidth(static_cast<wchar_t>(c.code));
  ::uselocale(before);
  return width < 0 ? 1 : static_cast<std::size_t>(width);
}

struct text_start {
  std::size_t bytes = 0;
  std::size_t columns = 0;
};
/// The longest start of at most `width` columns.
text_start start_of(std::string_view text, std::size_t width) {
  text_start start;
  while (start.bytes < text.size()) {
    const utf8_character c = decoded_front(text.substr(start.bytes));
    if (start.columns + width_of(c) > width) break;
    start.bytes += c.bytes;
    start.columns += width_of(c);
  }
  return start;
}

}  // namespace

std::string counted(std::uint64_t n, std::string_view one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

std::string format_cpus(const std::vector<unsigned>& cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += last == i ? fmt::format("{}", cpus[i]) : fmt::format("{}-{}", cpus[i], cpus[last]);
    i = last + 1;
  }
  return text;
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

utf8_character decoded_front(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {first, 1, true};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {};
  char32_t c = first & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto further = static_cast<unsigned char>(text[i]);
    if ((further & 0xc0U) != 0x80U) return {};
    c = c << 6 | (further & 0x3fU);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (c < least[bytes] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return {};
  return {c, bytes, true};
}

std::size_t columns(std::string_view text) { return start_of(text, text.npos).columns; }

std::size_t fitting(std::string_view text, std::size_t width) { return start_of(text, width).bytes; }

std::string wrap(std::string_view text, std::size_t width, std::size_t indent, std::size_t further_indent) {
  std::string lines;
  for (; !text.empty(); indent = further_indent) {
    const std::size_t room = width > indent ? width - indent : 1;
    std::size_t end = std::max(fitting(text, room), decoded_front(text).bytes);
    if (end < text.size()) {
      const std::size_t space = text.substr(0, end + 1).rfind(' ');
      if (space != std::string_view::npos && space > 0) end = space;
    }
    lines += std::string(indent, ' ');
    lines += text.substr(0, end);
    lines += '\n';
    text.remove_prefix(end);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  return lines;
}

std::string cut_lines(std::string_view lines, std::size_t width) {
  std::string cut;
  for (std::size_t used = 0; !lines.empty();) {
    std::size_t bytes = 1;
    if (lines.starts_with("\033[")) {
      bytes = std::min(lines.find('m'), lines.size() - 1) + 1;
    } else if (lines.front() == '\n') {
      used = 0;
    } else {
      const utf8_character c = decoded_front(lines);
      bytes = c.bytes;
      used += width_of(c);
    }
    if (used <= width || lines.front() == '\033') cut += lines.substr(0, bytes);
    lines.remove_prefix(bytes);
  }
  return cut;
}

std::string escape_html(std::string_view text) {
  constexpr std::string_view special = "&<>\"'";
  constexpr std::array<std::string_view, 5> entities = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  std::string safe;
  for (const char c : text) {
    const std::size_t at = special.find(c);
    at == special.npos ? safe += c : safe += entities[at];
  }
  return safe;
}

}  // namespace acre_cli
