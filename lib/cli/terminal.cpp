#include "cli/terminal.hpp"

#include <fmt/format.h>

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace acre_cli {
namespace {

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

std::size_t number_in(const char* variable) {
  const char* const text = std::getenv(variable);
  std::size_t number = 0;
  if (text == nullptr) return 0;
  const char* const end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, number);
  return read.ec == std::errc{} && read.ptr == end && number <= 10'000 ? number : 0;
}

bool is_dumb() {
  const char* const terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) == "dumb";
}

text_style style_of(int file) {
  if (::isatty(file) == 0) return {};
  std::setlocale(LC_CTYPE, "");
  return {!is_dumb() && !is_set("NO_COLOR"), std::string_view(::nl_langinfo(CODESET)) == "UTF-8"};
}

text_size size_of(int file) {
  text_size size;
  winsize told{};
  size.is_limit = ::isatty(file) != 0;
  if (::ioctl(file, TIOCGWINSZ, &told) == 0) {
    if (told.ws_col != 0) size.columns = told.ws_col;
    if (told.ws_row != 0) size.lines = told.ws_row;
  }
  if (const std::size_t columns = number_in("COLUMNS"); columns != 0) {
    size.columns = columns;
    size.is_limit = true;
  }
  return size;
}

bool has_cursor(int file) { return ::isatty(file) != 0 && is_set("TERM") && !is_dumb(); }

}  // namespace

std::string text_style::in(std::string_view code, std::string_view text) const {
  return color ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

text_style style_of_stdout() { return style_of(STDOUT_FILENO); }

text_style style_of_stderr() { return style_of(STDERR_FILENO); }

bool stdout_has_cursor() { return has_cursor(STDOUT_FILENO); }

bool stderr_has_cursor() { return has_cursor(STDERR_FILENO); }

text_size size_of_stdout() { return size_of(STDOUT_FILENO); }

text_size size_of_stderr() { return size_of(STDERR_FILENO); }

std::size_t line_length_of_stdout() {
  const text_size size = size_of_stdout();
  return size.is_limit ? size.columns : std::size_t{1} << 30;
}

}  // namespace acre_cli
