#include <acre/resource_for.hpp>

#include <acre/default_resource.hpp>
#include <acre/error.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include <atomic>
#include <mutex>
#include <unordered_map>

#include "base/code_of.hpp"
#include "base/fork_handlers.hpp"
#include "base/small_mutex.hpp"
#include "placement/strategies.hpp"

namespace acre::inline v1 {
namespace {

constinit small_mutex pools_mutex;

struct pool_key {
  placement where;
  pool_options options;
  friend bool operator==(const pool_key&, const pool_key&) = default;
};
struct placement_hash {
  std::size_t operator()(const pool_key& k) const noexcept { return k.where.hash(); }
};
using shared_pools = std::unordered_map<pool_key, pool_resource, placement_hash>;

bool hold_resources_in_fork() { return hold_mutex_in_fork<fork_part::resources, pools_mutex>(); }
[[maybe_unused]] const bool resources_are_held_from_the_start = hold_resources_in_fork();

// Never destroyed: static destructors may free blocks after ours would have run.
shared_pools& pools_of_placements() {
  static shared_pools& all = *new shared_pools;
  hold_resources_in_fork();
  return all;
}

constinit std::atomic<std::pmr::memory_resource*> chosen_default = nullptr;

std::pmr::memory_resource* first_default() {
  static std::pmr::memory_resource* const first = resource_for(placement::unbound());
  return first;
}

}  // namespace

pool_resource* resource_for(const placement& where, const pool_options& options) {
  if (detail::row_of(where.strategy()).depends_on == detail::dependence::function) {
    throw error(errc::unsupported_placement,
                "resource_for(" + where.to_string() +
                    "): functions cannot be compared, so each call would leave another pool for ever; make a "
                    "pool_resource of this placement");
  }
  shared_pools& all = pools_of_placements();
  const std::lock_guard lock(pools_mutex);
  return &all.try_emplace({where, options}, where, options).first->second;
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

// ---- by code

pool_resource* resource_for(const placement& where, const pool_options& options,
                            std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return resource_for(where, options); });
}
pool_resource* resource_for(const placement& where, std::error_code& ec) noexcept {
  return resource_for(where, {}, ec);
}
std::pmr::memory_resource* default_resource(std::error_code& ec) noexcept {
  return value_or_code(ec, [] { return acre::default_resource(); });
}
std::pmr::memory_resource* default_first_touch_resource(std::error_code& ec) noexcept {
  return value_or_code(ec, [] { return default_first_touch_resource(); });
}
std::pmr::memory_resource* set_default_resource(std::pmr::memory_resource* r, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return acre::set_default_resource(r); });
}

}  // namespace acre::inline v1
