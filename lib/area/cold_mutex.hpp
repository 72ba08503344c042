// cold_mutex: one mutex for what areas seldom do under a lock.
#pragma once

#include <mutex>

namespace acre {

/// Held across fork(), so that a child finds what it guards whole and itself unlocked. The first call installs the
/// handlers: prepare handlers run last installed first, so who may call an area while holding a mutex of its own
/// calls this before it installs its own.
/// \throws std::system_error if the handlers cannot be installed, at the first call only
std::mutex& cold_mutex();

}  // namespace acre
