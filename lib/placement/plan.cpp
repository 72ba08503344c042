#include <acre/plan.hpp>

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "placement/strategies.hpp"

namespace acre::inline v1 {

namespace {

constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();

std::size_t checked_page_size(std::size_t page_size) {
  if (!std::has_single_bit(page_size)) {
    throw error(errc::invalid_alignment,
                "a page size of " + std::to_string(page_size) + " bytes, it must be a power of two");
  }
  return page_size;
}

std::size_t whole_pages(std::size_t bytes, std::size_t page_size) {
  if (bytes == 0) throw error(errc::invalid_size, "a plan for 0 bytes, it needs at least 1");
  const std::size_t most = largest - (page_size - 1);
  if (bytes > most) {
    throw error(errc::invalid_size, "a plan for " + std::to_string(bytes) + " bytes, in pages of " +
                                        format_bytes(page_size) + " at most " + std::to_string(most) +
                                        " are possible");
  }
  return (bytes + (page_size - 1)) & ~(page_size - 1);
}

}  // namespace

const plan_range& plan::at(std::size_t offset) const noexcept {
  const auto after = std::ranges::upper_bound(ranges, offset, {}, &plan_range::offset);
  return *(after - 1);
}

plan make_plan(const placement& where, std::size_t bytes, const topology& machine,
               const plan_options& options) {
  plan p;
  p.page_size = checked_page_size(options.page_size);
  p.bytes = whole_pages(bytes, p.page_size);
  if (!where.nodes().empty()) machine.require_usable(where.nodes());
  detail::row_of(where.strategy()).add_ranges(p, where, machine, options);
  return p;
}

}  // namespace acre::inline v1
