#include "cli/acre/where/full_screen.hpp"

#include <cstdio>
#include <stdexcept>
#include <string>

namespace acre_cli {
namespace {

bool put(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return std::fflush(stdout) == 0 && written;
}

}  // namespace

full_screen::full_screen() { enter(); }
full_screen::~full_screen() { leave(); }

// Names may be wider than counted: without wrapping (?7) they still take one line.
void full_screen::enter() { put("\033[?1049h\033[?25l\033[?7l\033[H\033[2J"); }
void full_screen::leave() { put("\033[?7h\033[?25h\033[?1049l"); }

void full_screen::show(std::string_view lines) {
  std::string frame = "\033[H";
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    // Cleared first: after a line as wide as the terminal the cursor is still on its last character.
    frame += "\033[K";
    frame += lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    // A line feed on the last line of the terminal would scroll.
    if (!lines.empty()) frame += "\r\n";
  }
  if (!put(frame + "\033[J")) throw std::runtime_error("cannot write to the terminal");
}

}  // namespace acre_cli
