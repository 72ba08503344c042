// page_walk: the node of every base page of a range, in batches of one system call.
#pragma once

#include <acre/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "observe/page_range.hpp"
#include "sys/policy.hpp"

namespace acre {

/// 16 KiB of addresses, on the stack; more at once measured no faster.
constexpr std::size_t pages_per_look = 2048;

/// Looks again for the pages of a batch, one base page after the other, that only seem absent: the kernel tells of
/// none while it moves a page, as compaction does at any time. Once at least, and as long as `looks_left` lasts, which
/// it counts down: pages that are swapped out look the same.
void look_again(std::span<void* const> pages, std::span<int> nodes, int& looks_left) noexcept;

/// Calls each(page index, node) for the base pages of the range; node is negative where no page is.
/// \throws error with the errno if the kernel refuses move_pages(2)
template <class F>
void walk_pages(std::uintptr_t begin, std::uintptr_t end, std::size_t page_size, F each) {
  std::array<void*, pages_per_look> pages;
  std::array<int, pages_per_look> nodes;
  int looks_left = 64;  // in all some 10 ms of waiting
  std::size_t index = 0;
  for (std::uintptr_t at = begin; at < end;) {
    std::size_t n = 0;
    for (; n < pages_per_look && at < end; ++n, at += page_size) pages[n] = reinterpret_cast<void*>(at);
    if (const int e = sys::nodes_of(std::span(pages).first(n), std::span(nodes).first(n))) {
      throw error(std::error_code(e, std::system_category()), "the kernel refuses move_pages(2)");
    }
    look_again(std::span(pages).first(n), std::span(nodes).first(n), looks_left);
    for (std::size_t i = 0; i < n; ++i) each(index++, nodes[i]);
  }
}

}  // namespace acre
