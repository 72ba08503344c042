#include "cli/terminal.hpp"

#include <fmt/format.h>

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <clocale>
#include <cstdlib>
#include <string_view>

namespace acre_cli {
namespace {

/// Empty if there is none.
std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool has_cursor(int file) {
  return ::isatty(file) != 0 && !variable("TERM").empty() && variable("TERM") != "dumb";
}

text_style style_of(int file) {
  if (::isatty(file) == 0) return {};
  std::setlocale(LC_CTYPE, "");
  const std::string_view depth = variable("COLORTERM");
  return {.color = has_cursor(file) && variable("NO_COLOR").empty(),
          .unicode = std::string_view(::nl_langinfo(CODESET)) == "UTF-8",
          .palette = depth == "truecolor" || depth == "24bit" || variable("TERM").ends_with("-256color")};
}

text_size size_of(int file) {
  text_size size;
  winsize told{};
  size.is_limit = ::isatty(file) != 0;
  if (::ioctl(file, TIOCGWINSZ, &told) == 0) {
    if (told.ws_col != 0) size.columns = told.ws_col;
    if (told.ws_row != 0) size.lines = told.ws_row;
  }
  const std::string_view text = variable("COLUMNS");
  std::size_t columns = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), columns);
  if (read.ec == std::errc{} && read.ptr == text.data() + text.size() && columns > 0 && columns <= 10'000) {
    size.columns = columns;
    size.is_limit = true;
  }
  return size;
}

}  // namespace

std::string text_style::in(std::string_view code, std::string_view text) const {
  return color && !text.empty() ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
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
