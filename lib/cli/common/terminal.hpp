// terminal: what the standard output and error can show.
#pragma once

#include <cstddef>

namespace acre_cli {

struct text_style {
  bool color = false;
  bool unicode = false;
};

/// Colours for terminals unless NO_COLOR (https://no-color.org) or TERM=dumb says no; block characters for
/// terminals in UTF-8 locales.
text_style style_of_stdout();
text_style style_of_stderr();

bool stdout_is_terminal();
bool stderr_is_terminal();

/// Of the terminal, 80 where the standard output or error is none or does not tell; COLUMNS goes first.
struct text_size {
  std::size_t columns = 80;
  std::size_t lines = 24;
};
text_size size_of_stdout();
text_size size_of_stderr();

}  // namespace acre_cli
