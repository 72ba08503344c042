#include <placement/runs.hpp>

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "placement/strategies.hpp"

namespace acre::inline v1::detail {

namespace {

__extension__ using wide_unsigned = unsigned __int128;

std::size_t ceil_div(std::size_t a, std::size_t b) { return a / b + (a % b != 0 ? 1 : 0); }

policy_mode mode_of(const placement& where) {
  return where.is_hard() ? policy_mode::bind : row_of(where.strategy()).soft_mode;
}

}  // namespace

std::vector<node_weight> parts_of(const placement& where) {
  if (!where.weights().empty()) return {where.weights().begin(), where.weights().end()};
  std::vector<node_weight> equal;
  for (node_id n : where.nodes()) equal.push_back({n, 1});
  return equal;
}

// Ranges side by side merge where they have one node, which they have only where there is but one.
std::size_t ranges_of_rounds(std::span<const node_weight> parts, std::size_t chunks) {
  if (parts.size() == 1) return 1;
  std::size_t round = 0;
  for (const node_weight& w : parts) round += w.weight;
  std::size_t ranges = chunks / round * parts.size();
  std::size_t rest = chunks % round;
  for (const node_weight& w : parts) {
    if (rest == 0) break;
    ++ranges;
    rest -= std::min<std::size_t>(rest, w.weight);
  }
  return ranges;
}

std::size_t smallest_chunk(std::span<const node_weight> parts, std::size_t pages, std::size_t limit) {
  std::size_t low = 1;
  std::size_t high = pages;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (ranges_of_rounds(parts, ceil_div(pages, middle)) <= limit) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

std::size_t automatic_chunk(std::span<const node_weight> parts, std::size_t pages, std::size_t ranges) {
  std::size_t round = 0;
  for (const node_weight& w : parts) round += w.weight;
  const std::size_t coarsest = std::bit_floor(std::max<std::size_t>(pages / round, 1));
  std::size_t chunk = 1;
  while (chunk < coarsest && ranges_of_rounds(parts, ceil_div(pages, chunk)) > ranges) chunk *= 2;
  return chunk;
}

void set_chunk(plan& p, const chunk& wanted) {
  if (wanted == chunk::whole) {
    p.chunk = p.bytes;
  } else if (wanted == chunk::page) {
    p.chunk = p.page_size;
  } else {
    const std::size_t rest = wanted.bytes() % p.page_size;
    const std::size_t down = wanted.bytes() - rest;
    p.chunk_rounded = rest != 0;
    // What is longer than any chunk is more than everything.
    if (rest == 0) {
      p.chunk = down;
    } else {
      p.chunk = down > PTRDIFF_MAX - p.page_size ? p.bytes : down + p.page_size;
    }
  }
}

run_list::run_list(plan& to, const placement& where, const plan_options& options)
    : x_plan(to), x_where(where), x_limit(options.max_ranges), x_mode(mode_of(where)) {}

std::size_t run_list::chunk_pages() const { return std::min(x_plan.chunk, x_plan.bytes) / x_plan.page_size; }

void run_list::refuse(const std::string& needed, const std::string& instead) const {
  throw error(errc::too_many_ranges,
              x_where.to_string() + " of " + format_bytes(x_plan.bytes) + " needs " + needed +
                  " ranges, the limit is " + std::to_string(x_limit) +
                  " (each is a mapping of its own, and vm.max_map_count bounds them): " + instead);
}

std::string run_list::chunk_would_do(std::size_t chunk_pages) const {
  return "a chunk of " + format_bytes(chunk_pages * x_plan.page_size) + " or more would do";
}

void run_list::expect(std::size_t ranges, const std::string& instead) {
  if (ranges > x_limit) refuse(std::to_string(ranges), instead);
  x_plan.ranges.reserve(ranges);
}

void run_list::add(node_id node, std::size_t pages) {
  const std::size_t length = pages * x_plan.page_size;
  auto& ranges = x_plan.ranges;
  if (!ranges.empty() && ranges.back().policy.nodes.first() == node) {
    ranges.back().length += length;
  } else {
    if (ranges.size() >= x_limit) {
      refuse("more than " + std::to_string(x_limit),
             !row_of(x_where.strategy()).has_chunk || x_limit == 0
                 ? "longer runs of equal nodes, or a higher limit, would do"
                 : chunk_would_do(ceil_div(this->pages(), x_limit)));
    }
    ranges.push_back({x_end, length, {x_mode, node_set{node}}});
  }
  x_end += length;
}

namespace {

void plan_rounds(plan& p, const placement& where, const plan_options& options) {
  const std::vector<node_weight> parts = parts_of(where);
  if (where.chunk() == chunk::automatic) {
    p.chunk = p.page_size * automatic_chunk(parts, p.bytes / p.page_size,
                                            std::min(options.automatic_ranges, options.max_ranges));
  } else {
    set_chunk(p, where.chunk());
  }
  run_list runs(p, where, options);
  const std::size_t pages = runs.pages();
  const std::size_t chunk = runs.chunk_pages();
  const std::size_t ranges = ranges_of_rounds(parts, ceil_div(pages, chunk));
  if (ranges > runs.limit()) {
    runs.expect(ranges, runs.limit() == 0 ? "a higher limit would do"
                                          : runs.chunk_would_do(smallest_chunk(parts, pages, runs.limit())));
  }
  runs.expect(ranges, "");
  if (parts.size() == 1) return runs.add(parts.front().node, pages);
  for (std::size_t left = pages; left != 0;) {
    for (const node_weight& w : parts) {
      const std::size_t run = w.weight > left / chunk ? left : w.weight * chunk;
      if (run != 0) runs.add(w.node, run);
      left -= run;
    }
  }
}

void one_range(plan& p, const placement& where, const plan_options& options, policy_mode mode) {
  if (options.max_ranges == 0) run_list(p, where, options).expect(1, "a limit of 1 would do");
  p.ranges.push_back({0, p.bytes, {mode, where.nodes()}});
}

}  // namespace

void plan_one_policy(plan& p, const placement& where, const topology&, const plan_options& options) {
  one_range(p, where, options, mode_of(where));
}

void plan_interleave(plan& p, const placement& where, const topology&, const plan_options& options) {
  if (goes_in_rounds(where, p.page_size)) return plan_rounds(p, where, options);
  set_chunk(p, where.chunk() == chunk::automatic ? chunk::page : where.chunk());
  // One node has no order of pages to keep: prefer also says where to spill first.
  one_range(p, where, options, where.nodes().size() == 1 ? mode_of(where) : policy_mode::interleave);
}

void plan_weighted(plan& p, const placement& where, const topology&, const plan_options& options) {
  plan_rounds(p, where, options);
}

// Between the weights before a node (b of t) and those up to its own (e of t) lie the pages
// floor(b * pages / t) .. floor(e * pages / t): no node is a page or more off its exact share, and a node's
// pages depend on nothing but the weights and the size.
void plan_blocked(plan& p, const placement& where, const topology&, const plan_options& options) {
  run_list runs(p, where, options);
  const std::span<const node_weight> parts = where.weights();
  const std::size_t pages = runs.pages();
  std::size_t total = 0;
  for (const node_weight& w : parts) total += w.weight;
  const auto boundary = [&](std::size_t weight) {
    return static_cast<std::size_t>(wide_unsigned{weight} * pages / total);
  };
  const auto visit = [&](auto&& take) {
    std::size_t before = 0;
    for (const node_weight& w : parts) {
      const std::size_t run = boundary(before + w.weight) - boundary(before);
      if (run != 0) take(w.node, run);
      before += w.weight;
    }
  };
  std::size_t ranges = 0;
  visit([&](node_id, std::size_t) { ++ranges; });
  runs.expect(ranges, "fewer nodes, or a higher limit, would do");
  visit([&](node_id node, std::size_t run) { runs.add(node, run); });
}

void plan_by_page(plan& p, const placement& where, const topology&, const plan_options& options) {
  run_list runs(p, where, options);
  const std::size_t pages = runs.pages();
  for (std::size_t i = 0; i < pages; ++i) {
    const node_id node = where.node_of_page(i, pages);
    if (!where.nodes().contains(node)) {
      throw error(errc::invalid_function, where.to_string() + ": the function names node " +
                                              std::to_string(node) + " for page " + std::to_string(i) +
                                              " of " + std::to_string(pages) + ", which is not one of " +
                                              where.nodes().to_string());
    }
    runs.add(node, 1);
  }
}

}  // namespace acre::inline v1::detail
