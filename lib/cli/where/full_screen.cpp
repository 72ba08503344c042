#include "cli/where/full_screen.hpp"

#include <unistd.h>

#include <cerrno>
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

full_screen::~full_screen() { leave(); }

// Names may be wider than counted: without wrapping (?7) they still take one line.
void full_screen::enter() {
  if (x_entered) return;
  x_entered = true;
  termios keys{};
  if (::tcgetattr(STDIN_FILENO, &keys) == 0) {
    x_keys_before = keys;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  }
  put("\033[?1049h\033[?25l\033[?7l\033[H\033[2J");
}

void full_screen::leave() {
  if (!x_entered) return;
  x_entered = false;
  put("\033[?7h\033[?25h\033[?1049l");
  // In the background the shell has set its own already, and this would stop the process.
  if (x_keys_before && in_foreground()) ::tcsetattr(STDIN_FILENO, TCSANOW, &*x_keys_before);
}

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

bool in_foreground() noexcept {
  const pid_t foreground = ::tcgetpgrp(STDOUT_FILENO);
  return foreground < 0 || foreground == ::getpgrp();
}

// Of the calls for which the kernel sends SIGTTOU (termios(3)) the one that changes nothing. It is sent again whenever
// this goes on and is still in the background.
void wait_for_foreground() {
  while (::tcflow(STDOUT_FILENO, TCOON) != 0) {
    if (errno == EIO) throw std::runtime_error("in the background, and the terminal is used by others");
    if (errno != EINTR) return;
  }
}

}  // namespace acre_cli
