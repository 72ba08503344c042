#include <acre/resource_for.hpp>

#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include <atomic>
#include <mutex>
#include <unordered_map>

#include "base/fork_handlers.hpp"
#include "base/small_mutex.hpp"

namespace acre {
namespace {

constinit small_mutex pools_mutex;
constexpr fork_actions pools_in_fork{.lock = []() noexcept { pools_mutex.lock_for_fork(); },
                                     .unlock = []() noexcept { pools_mutex.unlock_after_fork(); }};

using pools_by_placement = std::unordered_map<placement, pool_resource>;

bool hold_resources_in_fork() {
  static const bool is_held = (hold_in_fork(fork_part::resources, pools_in_fork), true);
  return is_held;
}
[[maybe_unused]] const bool resources_are_held_from_the_start = hold_resources_in_fork();

// Never destroyed: static destructors may free blocks after ours would have run.
pools_by_placement& pools_of_placements() {
  static pools_by_placement& all = *new pools_by_placement;
  hold_resources_in_fork();
  return all;
}

constinit std::atomic<std::pmr::memory_resource*> chosen_default = nullptr;

std::pmr::memory_resource* first_default() {
  static std::pmr::memory_resource* const first = resource_for(placement::unbound());
  return first;
}

}  // namespace

pool_resource* resource_for(const placement& where) {
  pools_by_placement& all = pools_of_placements();
  const std::lock_guard lock(pools_mutex);
  return &all.try_emplace(where, where).first->second;
}

// acquire and release: who reads the pointer sees the resource that was made before it was set.
std::pmr::memory_resource* default_resource() {
  std::pmr::memory_resource* const chosen = chosen_default.load(std::memory_order_acquire);
  return chosen != nullptr ? chosen : first_default();
}

std::pmr::memory_resource* default_first_touch_resource() {
  std::pmr::memory_resource* const chosen = chosen_default.load(std::memory_order_acquire);
  if (chosen != nullptr) return chosen;
  static std::pmr::memory_resource* const first = resource_for(placement::local());
  return first;
}

std::pmr::memory_resource* set_default_resource(std::pmr::memory_resource* r) {
  std::pmr::memory_resource* const first = first_default();
  // What set_default_resource() returned when nothing was chosen: to set that again is to choose nothing again.
  std::pmr::memory_resource* const chosen = r == first ? nullptr : r;
  std::pmr::memory_resource* const old = chosen_default.exchange(chosen, std::memory_order_acq_rel);
  return old != nullptr ? old : first;
}

}  // namespace acre
