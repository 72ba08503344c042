#include "area/cold_mutex.hpp"

#include "base/fork_handlers.hpp"

namespace acre {
namespace {

constinit small_mutex the_cold_mutex;
constexpr fork_actions areas_in_fork{.lock = []() noexcept { the_cold_mutex.lock_for_fork(); },
                                     .unlock = []() noexcept { the_cold_mutex.unlock_after_fork(); }};

}  // namespace

small_mutex& cold_mutex() {
  [[maybe_unused]] static const bool is_held_in_fork = (hold_in_fork(fork_part::areas, areas_in_fork), true);
  return the_cold_mutex;
}

}  // namespace acre
