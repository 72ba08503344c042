// comes_true: waits for what others do in their own time.
#pragma once

#include <chrono>
#include <thread>

namespace acre::test {

/// Looks until the condition holds. Counts looks, not time: a test that stood still for a while, as on a busy
/// machine, has as many left as before.
/// \returns whether it held within 3000 looks (half a minute at least, at 10 ms between them)
template <class Condition>
bool comes_true(Condition holds, std::chrono::milliseconds pause = std::chrono::milliseconds(10)) {
  constexpr int looks = 3000;
  for (int look = 0; look != looks; ++look) {
    if (holds()) return true;
    std::this_thread::sleep_for(pause);
  }
  return holds();
}

}  // namespace acre::test
