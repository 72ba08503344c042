// least_time: what something takes where nothing is in its way, to be compared with what it takes elsewhere.
#pragma once

#include <algorithm>
#include <chrono>

namespace acre::test {

/// The least of many measurements, which a busy machine makes longer, but hardly all of them. Each is of so many
/// calls that no clock is too coarse for it. What is compared with it should differ by far more than a processor's
/// caches make out.
/// \returns nanoseconds a call
template <class F>
double least_time(F f) {
  using clock = std::chrono::steady_clock;
  constexpr std::chrono::duration<double, std::nano> enough = std::chrono::microseconds(50);
  const auto time_of = [&f](int calls) {
    const auto begin = clock::now();
    for (int i = 0; i != calls; ++i) f();
    return std::chrono::duration<double, std::nano>(clock::now() - begin);
  };
  int calls = 1;
  while (time_of(calls) < enough) calls *= 2;
  auto least = time_of(calls);
  for (int i = 0; i != 100; ++i) least = std::min(least, time_of(calls));
  return least.count() / calls;
}

}  // namespace acre::test
