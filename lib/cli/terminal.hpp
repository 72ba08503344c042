// terminal: what the standard output and error can show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace acre_cli {

struct text_style {
  bool color = false;
  bool unicode = false;
  bool palette = false;  ///< of 256 colours, beside the 16 that all terminals with colours have

  std::string_view ellipsis() const { return unicode ? "…" : "..."; }
  std::string_view block() const { return unicode ? "█" : "#"; }
  /// `text` in a colour or weight, where there are colours.
  /// \param code of ECMA-48's SGR: "1" bold, "31" red, "1;36"
  std::string in(std::string_view code, std::string_view text) const;
};

/// Colours for terminals with a cursor unless NO_COLOR (https://no-color.org) says no, more than 16 where
/// TERM or COLORTERM says so; block characters for terminals in UTF-8 locales.
text_style style_of_stdout();
text_style style_of_stderr();

/// A terminal on which lines can be written over: TERM is set, and not to "dumb".
bool stdout_has_cursor();
bool stderr_has_cursor();

/// Of the terminal, 80 columns where the file is none or does not tell; COLUMNS goes first.
struct text_size {
  std::size_t columns = 80;
  std::size_t lines = 24;
  bool is_limit = false;  ///< a terminal's, or by COLUMNS: else programs may read, and nothing is to be cut
};
text_size size_of_stdout();
text_size size_of_stderr();

/// How long a line may be: where it is no limit, longer than any.
std::size_t line_length_of_stdout();

}  // namespace acre_cli
