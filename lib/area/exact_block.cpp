#include "area/exact_block.hpp"

#include <algorithm>
#include <bit>

#include "placement/runs.hpp"
#include "placement/strategies.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

std::size_t huge_page_size() noexcept { return page_size(page_kind::transparent_huge); }

/// Large memory, which is dealt out in huge pages whatever its pages are: those do not hinder them then.
bool is_automatic_and_large(const placement& where, std::size_t bytes) {
  return detail::goes_in_rounds(where, sys::page_size()) && where.chunk() == chunk::automatic &&
         bytes > most_in_base_pages;
}

}  // namespace

std::size_t chunk_alignment(const placement& where, std::size_t bytes, page_kind kind) {
  if (!detail::goes_in_rounds(where, sys::page_size()) || bytes < 2 * huge_page_size()) return 1;
  const std::size_t given = where.chunk().bytes();
  if (is_automatic_and_large(where, bytes) || (given != 0 && given % huge_page_size() == 0))
    return huge_page_size();
  const bool by_page = detail::row_of(where.strategy()).goes_round_as_kernel && kind == page_kind::system &&
                       where.chunk() != chunk::automatic &&
                       detail::is_by_page(where.chunk(), sys::page_size());
  const std::size_t round = where.nodes().size() * sys::page_size();
  return by_page && std::has_single_bit(round) ? std::min(round, huge_page_size()) : 1;
}

bool plan_exact_block(planned_mapping& block, std::size_t aligned, const topology& machine) {
  const std::size_t huge = huge_page_size();
  const std::size_t page = block.page_size;
  if (is_automatic_and_large(block.where, block.asked)) block.page_size = huge;
  const std::size_t ranges = block.plan_by_making(machine);
  const bool by_huge_page = block.goes_by_huge_pages();
  if (ranges == 1 || (!by_huge_page && ranges <= block.bytes / (2 * huge))) {
    block.page_size = page;
    return false;
  }
  if (std::max(aligned, page) > sys::page_size()) block.ranges = range_share(2);
  if (!by_huge_page) sys::refuse_huge_pages(block.begin, block.bytes);
  return true;
}

}  // namespace acre::inline v1
