// cold_mutex: one mutex for what areas seldom do under a lock.
#pragma once

#include "base/small_mutex.hpp"

namespace acre::inline v1 {

/// Held across fork(), so that a child finds what it guards whole and itself unlocked. Nothing else is locked under it.
/// \throws std::system_error if the fork handlers cannot be installed, at the first call only
small_mutex& cold_mutex();

}  // namespace acre::inline v1
