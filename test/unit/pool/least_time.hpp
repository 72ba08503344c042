// least_time: what something takes where nothing is in its way, to be compared with what it takes elsewhere.
#pragma once

#include <algorithm>
#include <chrono>

namespace acre::test {

/// The least of many measurements, which a busy machine makes longer, but hardly all of them. What is compared with it should
/// differ by far more than a processor's caches make out.
template <class F>
std::chrono::nanoseconds least_time(F f) {
  std::chrono::nanoseconds least = std::chrono::nanoseconds::max();
  for (int i = 0; i != 200; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    least = std::min<std::chrono::nanoseconds>(least, std::chrono::steady_clock::now() - begin);
  }
  return std::max(least, std::chrono::nanoseconds(1));
}

}  // namespace acre::test
