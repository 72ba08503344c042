#include "placement/range_budget.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>

#include "placement/strategies.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"

namespace acre::inline v1 {
namespace {

// relaxed: a sum that orders nothing.
constinit std::atomic<std::size_t> in_use = 0;

__extension__ using wide_unsigned = unsigned __int128;

std::string usage(std::size_t budget, std::size_t used) {
  return std::to_string(used) + " of the " + std::to_string(budget) +
         " ranges that placements may have in this process are in use (three quarters of vm.max_map_count)";
}

plan_options options_within_budget(std::size_t bytes, std::size_t page_size, std::size_t budget,
                                   std::size_t used) {
  const std::size_t fine = budget / 3;
  const std::size_t of_fine = used < fine ? (fine - used + 31) / 32 : 0;
  const auto by_size = static_cast<std::size_t>(wide_unsigned{bytes} * (budget - fine) >> 40);
  return {.page_size = page_size,
          // At its end one policy is still possible.
          .max_ranges = used < budget ? budget - used : 1,
          .automatic_ranges = std::max(of_fine, by_size)};
}

}  // namespace

// The file is read again after a tenth of a second. relaxed: whoever sees the one and not yet the other reads it
// himself, or has what was true a moment ago.
std::size_t range_budget() {
  static constinit std::atomic<std::size_t> known = 0;
  static constinit std::atomic<std::int64_t> until = 0;
  const std::int64_t now = sys::coarse_milliseconds();
  const std::size_t found = known.load(std::memory_order_relaxed);
  if (found != 0 && now < until.load(std::memory_order_relaxed)) return found;
  const std::size_t budget = std::max<std::size_t>(sys::max_map_count() / 4 * 3, 1);
  known.store(budget, std::memory_order_relaxed);
  until.store(now + 100, std::memory_order_relaxed);
  return budget;
}

std::size_t ranges_in_use() noexcept { return in_use.load(std::memory_order_relaxed); }

plan plan_within_budget(const placement& where, std::size_t bytes, std::size_t page_size,
                        const topology& machine) {
  if (detail::layout_of(where) != detail::layout::position)
    return make_plan(where, bytes, machine, {.page_size = page_size});
  const std::size_t used = ranges_in_use();
  const std::size_t budget = range_budget();
  try {
    return make_plan(where, bytes, machine, options_within_budget(bytes, page_size, budget, used));
  } catch (const error& e) {
    if (e.code() != errc::too_many_ranges || used == 0) throw;
    throw error(e.code(), std::string(e.what()) + "; " + usage(budget, used));
  }
}

range_share::range_share(std::size_t ranges) {
  if (ranges <= 1) return;
  const std::size_t budget = range_budget();
  std::size_t used = ranges_in_use();
  do {
    if (ranges > budget || used > budget - ranges) {
      throw error(errc::too_many_ranges,
                  std::to_string(ranges) + " ranges are too many: " + usage(budget, used));
    }
  } while (!in_use.compare_exchange_weak(used, used + ranges, std::memory_order_relaxed));
  x_ranges = ranges;
}

range_share::~range_share() { in_use.fetch_sub(x_ranges, std::memory_order_relaxed); }

}  // namespace acre::inline v1
