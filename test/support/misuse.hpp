// misuse: what the misuse handler is told.
#pragma once

#include <acre/misuse.hpp>

#include <string>

namespace acre::test {

/// What was told first while `call` ran; empty: nothing. In one thread at a time.
template <class F>
std::string misuse_in(F call) {
  static std::string told;
  told.clear();
  const misuse_handler before = set_misuse_handler([](const misuse& m) {
    if (told.empty()) told = m.what;
  });
  call();
  set_misuse_handler(before);
  return told;
}

}  // namespace acre::test
