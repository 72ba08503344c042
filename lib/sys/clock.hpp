// clock: the time, cheaply.
#pragma once

#include <cstdint>

namespace acre::inline v1::sys {

/// Since some point in the past, as of the last tick of the kernel (CLOCK_MONOTONIC_COARSE: some 5 ns, a few
/// milliseconds late).
std::int64_t coarse_milliseconds() noexcept;

}  // namespace acre::inline v1::sys
