// full_screen: the terminal while something is redrawn in place.
#pragma once

#include <termios.h>

#include <optional>
#include <string_view>

namespace acre_cli {

/// The alternate screen without a cursor, and keys as they are pressed, from enter() on; leave() and the destructor give
/// the terminal back.
class full_screen {
 public:
  full_screen() = default;
  ~full_screen();
  full_screen(const full_screen&) = delete;
  full_screen& operator=(const full_screen&) = delete;

  void enter();
  void leave();
  /// Overwrites what is there, so that nothing flickers.
  void show(std::string_view lines);

 private:
  bool x_entered = false;
  std::optional<termios> x_keys_before;
};

/// Whether this process may draw: the shell has put it into the foreground, or the terminal is not the one it was
/// started from.
bool in_foreground() noexcept;
/// Stops this process, as one that changes the terminal from the background, until it is in the foreground. It may be
/// ended meanwhile.
/// \throws std::runtime_error where no shell could put it there
void wait_for_foreground();

}  // namespace acre_cli
