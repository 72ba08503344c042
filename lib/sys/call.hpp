// call: errors and flags that the functions for kernel calls have in common.
#pragma once

#include <cerrno>

namespace acre::inline v1::sys {

/// 0 or errno, of a call that returns 0 where it succeeds.
inline int error_of(int result) noexcept { return result == 0 ? 0 : errno; }

/// MAP_HUGE_SHIFT, MFD_HUGE_SHIFT and SHM_HUGE_SHIFT: where flags have the size of a huge page, as a power of two.
constexpr unsigned huge_shift_position = 26;

constexpr unsigned permission_bits = 0777;

}  // namespace acre::inline v1::sys
