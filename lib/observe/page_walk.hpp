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

/// Calls each(page index, node) for the pages of the range, `step` bytes apart; node is negative where no
/// page is.
/// \throws error with the errno if the kernel refuses move_pages(2)
template <class F>
void walk_pages(std::uintptr_t begin, std::uintptr_t end, std::size_t step, F each) {
  constexpr std::size_t batch = 2048;  // 16 KiB of addresses: on the stack; larger batches measured no faster
  std::array<void*, batch> pages;
  std::array<int, batch> nodes;
  std::size_t index = 0;
  for (std::uintptr_t at = begin; at < end;) {
    std::size_t n = 0;
    for (; n < batch && at < end; ++n, at += step) pages[n] = reinterpret_cast<void*>(at);
    if (const int e = sys::nodes_of(std::span(pages).first(n), std::span(nodes).first(n))) {
      throw error(std::error_code(e, std::system_category()), "the kernel refuses move_pages(2)");
    }
    for (std::size_t i = 0; i < n; ++i) each(index++, nodes[i]);
  }
}

}  // namespace acre
