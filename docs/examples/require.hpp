// require: ends an example with status 1 if something that the documentation claims does not hold.
#pragma once

#include <cstdlib>
#include <iostream>

inline void require(bool holds, const char* claim) {
  if (holds) return;
  std::cerr << "does not hold: " << claim << '\n';
  std::exit(1);
}
