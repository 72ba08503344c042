// full_screen: the terminal while something is redrawn in place.
#pragma once

#include <string_view>

namespace acre_cli {

/// Takes the alternate screen and hides the cursor; the destructor gives both back.
class full_screen {
 public:
  full_screen();
  ~full_screen();
  full_screen(const full_screen&) = delete;
  full_screen& operator=(const full_screen&) = delete;

  /// Overwrites what is there, so that nothing flickers.
  void show(std::string_view lines);
  /// Gives the terminal back for a while, and takes it again.
  void leave();
  void enter();
};

}  // namespace acre_cli
