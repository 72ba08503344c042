#include "area/cold_mutex.hpp"

#include "base/fork_handlers.hpp"

namespace acre::inline v1 {
namespace {

constinit small_mutex the_cold_mutex;

// As early as can be, see fork_handlers.hpp; others' static constructors may come first.
[[maybe_unused]] const bool areas_are_held_from_the_start =
    hold_mutex_in_fork<fork_part::areas, the_cold_mutex>();

}  // namespace

small_mutex& cold_mutex() {
  hold_mutex_in_fork<fork_part::areas, the_cold_mutex>();
  return the_cold_mutex;
}

}  // namespace acre::inline v1
