#include "area/cold_mutex.hpp"

#include "base/fork_handlers.hpp"

namespace acre::inline v1 {
namespace {

constinit small_mutex the_cold_mutex;
constexpr fork_actions areas_in_fork{.lock = []() noexcept { the_cold_mutex.lock_for_fork(); },
                                     .unlock = []() noexcept { the_cold_mutex.unlock_after_fork(); }};

bool hold_areas_in_fork() {
  static const bool is_held = (hold_in_fork(fork_part::areas, areas_in_fork), true);
  return is_held;
}

// As early as can be, see fork_handlers.hpp; others' static constructors may come first.
[[maybe_unused]] const bool areas_are_held_from_the_start = hold_areas_in_fork();

}  // namespace

small_mutex& cold_mutex() {
  hold_areas_in_fork();
  return the_cold_mutex;
}

}  // namespace acre::inline v1
