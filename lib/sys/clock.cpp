#include "sys/clock.hpp"

#include <ctime>

namespace acre::inline v1::sys {

std::int64_t coarse_milliseconds() noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

}  // namespace acre::inline v1::sys
