#include <acre/migrate.hpp>

#include <acre/error.hpp>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <ostream>
#include <utility>

#include "base/code_of.hpp"
#include "base/counted.hpp"
#include "observe/exact_pages.hpp"
#include "observe/owners_told.hpp"
#include "observe/page_mover.hpp"
#include "observe/page_range.hpp"
#include "placement/planned_ranges.hpp"
#include "placement/range_budget.hpp"
#include "sys/mappings.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

/// The whole pages of a range: of one that begins with a page those that it has a part of, as apply() has it; else
/// those that lie inside, for the others are shared with neighbours.
/// \param page bytes of a page at the beginning
page_range whole_pages(page_range range, const void* p, std::size_t bytes, std::size_t page) {
  const auto first = reinterpret_cast<std::uintptr_t>(p);
  const std::uintptr_t last = first + bytes;
  // Where memory of hugetlb pages ends within the range, its end is of other pages.
  const std::size_t last_page = std::min(page, sys::page_size_at(last - 1).value_or(sys::page_size()));
  range.begin = (first + page - 1) / page * page;
  range.end =
      range.begin == first ? (last + last_page - 1) / last_page * last_page : last / last_page * last_page;
  if (range.begin < range.end) return range;
  char address[2 * sizeof first + 3];
  std::snprintf(address, sizeof address, "%#" PRIxPTR, first);
  throw error(errc::invalid_size, "migrate: no whole page of " + std::to_string(page) +
                                      " bytes lies inside the " + std::to_string(bytes) + " bytes at " +
                                      address + ", and pages move as a whole");
}

/// Plans are in whole pages of the kind that the range begins with, and it may end with smaller ones.
void cut(plan& p, std::size_t bytes) {
  while (p.ranges.back().offset >= bytes) p.ranges.pop_back();
  plan_range& last = p.ranges.back();
  last.length = std::min(last.length, bytes - last.offset);
  p.bytes = std::min(p.bytes, bytes);
}

/// Sets the policies; pools whose blocks these are know of it before.
std::vector<downgrade> apply_told(const page_range& range, const plan& wanted, const topology& machine) {
  const owners_told told(range, wanted);
  try {
    return apply(range.data(), wanted, machine);
  } catch (const error& e) {
    told.withdraw_after(e.code());
    throw;
  }
}

}  // namespace

migration migrate(void* p, std::size_t bytes, const placement& where, const topology& machine) {
  const page_range touched = require_mapped(p, bytes, "migrate");
  // Without /proc nobody tells the size of pages; base pages are the likely ones.
  const std::size_t page = sys::page_size_at(touched.begin).value_or(sys::page_size());
  const page_range range = whole_pages(touched, p, bytes, page);
  // A part of what was planned as `where` goes where the whole has it.
  const auto known = planned_ranges::around(range.data(), range.bytes());
  const bool is_part = known && known->is_planned_as(where);
  const std::size_t offset = is_part ? known->offset_of(range.data()) : 0;
  migration result;
  if (is_part && known->placed_by == placed_by::making) {
    // Its policy is the same afterwards: a pool whose block it is has nothing to put right.
    result = bring_exact_pages_home(*known, offset, range.bytes(), machine);
  } else {
    plan wanted = is_part ? known->part(offset, range.bytes(), machine)
                          : plan_within_budget(where, range.bytes(), page, machine);
    cut(wanted, range.bytes());
    std::vector<downgrade> downgrades = apply_told(range, wanted, machine);
    result = page_mover(range, wanted, machine).run();
    result.downgrades = std::move(downgrades);
  }
  const auto first = reinterpret_cast<std::uintptr_t>(p);
  result.left_out = (range.begin - first) + (first + bytes - std::min(range.end, first + bytes));
  return result;
}

migration migrate(void* p, std::size_t bytes, const placement& where, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return migrate(p, bytes, where); });
}
migration migrate(void* p, std::size_t bytes, const placement& where, const topology& machine,
                  std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return migrate(p, bytes, where, machine); });
}

std::string migration::to_string() const {
  std::string text = counted(moved, "page") + " moved, " + std::to_string(in_place) + " in place";
  const auto add = [&](std::size_t n, const char* what) {
    if (n != 0) text += ", " + std::to_string(n) + what;
  };
  add(untouched, " untouched");
  add(shared, " not moved: shared with other processes");
  add(busy, " not moved: busy");
  add(no_room, " not moved: no room on the node");
  add(undivided, " not moved: part of a huge page that the kernel does not divide");
  add(unknown, " unknown: the kernel does not tell where they are");
  add(left_out, " bytes at the ends left out: their pages hold other data, too");
  return text;
}

std::ostream& operator<<(std::ostream& out, const migration& m) { return out << m.to_string(); }

}  // namespace acre::inline v1
