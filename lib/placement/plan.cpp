#include <acre/plan.hpp>

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <placement/runs.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

namespace acre {

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

void set_chunk(plan& p, std::size_t chunk) {
  if (chunk == placement::whole) {
    p.chunk = p.bytes;
  } else if (chunk == placement::one_page) {
    p.chunk = p.page_size;
  } else {
    const std::size_t rest = chunk % p.page_size;
    const std::size_t down = chunk - rest;
    p.chunk_rounded = rest != 0;
    // What would overflow is more than everything.
    if (rest == 0) {
      p.chunk = chunk;
    } else {
      p.chunk = down > largest - p.page_size ? p.bytes : down + p.page_size;
    }
  }
}

void one_range(plan& p, const placement& where, const plan_options& options, policy_mode mode) {
  if (options.max_ranges == 0) detail::run_list(p, where, options).expect(1, "a limit of 1 would do");
  p.ranges.push_back({0, p.bytes, {mode, where.nodes()}});
}

void plan_interleave(plan& p, const placement& where, const plan_options& options) {
  set_chunk(p, where.chunk());
  // One node has no order of pages to keep: prefer also says where to spill first.
  const bool single = where.nodes().size() == 1;
  if (single) {
    one_range(p, where, options, where.is_hard() ? policy_mode::bind : policy_mode::prefer);
  } else if (!where.is_hard() && where.chunk() <= p.page_size) {
    one_range(p, where, options, policy_mode::interleave);
  } else {
    detail::run_list runs(p, where, options);
    add_rounds(runs);
  }
}

void plan_runs(plan& p, const placement& where, const topology& machine, const plan_options& options) {
  detail::run_list runs(p, where, options);
  switch (where.strategy()) {
    case strategy::weighted:
      set_chunk(p, where.chunk());
      add_rounds(runs);
      break;
    case strategy::most_free:
      set_chunk(p, where.chunk());
      add_most_free(runs, machine, options);
      break;
    case strategy::blocked:
      add_blocks(runs);
      break;
    default:
      add_pages_by_function(runs);
      break;
  }
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
  const strategy s = where.strategy();
  if (s != strategy::unbound && s != strategy::local) machine.require_usable(where.nodes());
  switch (s) {
    case strategy::unbound:
      one_range(p, where, options, policy_mode::unbound);
      break;
    case strategy::local:
      one_range(p, where, options, policy_mode::local);
      break;
    case strategy::bind:
      one_range(p, where, options, where.is_hard() ? policy_mode::bind : policy_mode::prefer);
      break;
    case strategy::interleave:
      plan_interleave(p, where, options);
      break;
    case strategy::weighted_by_system:
      one_range(p, where, options, policy_mode::weighted_interleave);
      break;
    default:
      plan_runs(p, where, machine, options);
      break;
  }
  return p;
}

}  // namespace acre
