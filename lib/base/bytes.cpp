#include <acre/bytes.hpp>

#include <array>
#include <charconv>
#include <limits>

#include "base/text_error.hpp"

namespace acre::inline v1 {
namespace {

constexpr std::array<std::string_view, 7> units = {"", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
constexpr unsigned largest_parsed = 4;  // TiB

[[noreturn]] void refuse(std::string_view text, const char* mistake, std::size_t position) {
  throw text_error(text, mistake, position);
}

/// The power of 1024 of the unit at `position`.
unsigned parse_unit(std::string_view text, std::size_t position) {
  const std::string_view unit = text.substr(position);
  if (unit.empty()) return 0;
  const std::size_t power = std::string_view("kmgt").find(static_cast<char>(unit[0] | 0x20));
  if (power == std::string_view::npos)
    refuse(text, "expected a unit (K, KiB, M, MiB, G, GiB, T, TiB)", position);
  const auto exponent = static_cast<unsigned>(power) + 1;
  if (unit.size() == 1 || unit == units[exponent]) return exponent;
  if (unit.substr(1) == "B" || unit.substr(1) == "b")
    refuse(text, "decimal units mean different things to different programs, write KiB, MiB, GiB or TiB",
           position);
  refuse(text, "expected a unit (K, KiB, M, MiB, G, GiB, T, TiB)", position);
}

std::string with_decimals(double value, int decimals) {
  char buffer[32];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals).ptr;
  std::string s(buffer, end);
  if (decimals == 0) return s;
  s.erase(s.find_last_not_of('0') + 1);
  if (s.back() == '.') s.pop_back();
  return s;
}

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
  unsigned exponent = 0;
  while (bytes != 0 && bytes % 1024 == 0 && exponent < largest_parsed) {
    bytes /= 1024;
    ++exponent;
  }
  return std::to_string(bytes).append(units[exponent]);
}

std::string format_bytes_rounded(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes);
  std::size_t exponent = 0;
  // 1023.5 would be printed as 1024.
  while (value >= 1023.5 && exponent + 1 < units.size()) {
    value /= 1024;
    ++exponent;
  }
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return with_decimals(value, decimals).append(" ").append(units[exponent]);
}

std::uint64_t parse_bytes(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc::invalid_argument) refuse(text, "expected a number of bytes", 0);
  if (failure == std::errc::result_out_of_range) refuse(text, "the number is too large", 0);
  const auto position = static_cast<std::size_t>(end - text.data());
  const unsigned shift = 10 * parse_unit(text, position);
  if (number > std::numeric_limits<std::uint64_t>::max() >> shift) refuse(text, "the number is too large", 0);
  return number << shift;
}

}  // namespace acre::inline v1
