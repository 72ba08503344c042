#include "observe/page_walk.hpp"

#include <chrono>
#include <thread>

#include "sys/pages.hpp"

namespace acre {
namespace {

/// A base page is moved within microseconds, a huge page within a millisecond, unless the mover has to wait.
void wait_a_little(int looks_left) noexcept {
  if (looks_left > 56) {
    std::this_thread::yield();
  } else {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

/// Fewer than are looked at in the first place: this comes on top of their stack.
constexpr std::size_t pages_per_further_look = 512;

/// Looks at the absent pages that have an entry in the page table.
/// \param pages at most pages_per_further_look
/// \returns whether there may be more to see: some were being moved, or are swapped out
bool look_at_some(std::span<void* const> pages, std::span<int> nodes) noexcept {
  std::array<sys::page_entry, pages_per_further_look> entries;
  const auto known = std::span(entries).first(pages.size());
  if (sys::page_entries(pages.front(), known) != 0) return false;
  std::array<void*, pages_per_further_look> again;
  std::array<std::size_t, pages_per_further_look> index;
  std::array<int, pages_per_further_look> found;
  std::size_t n = 0;
  bool on_the_way = false;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    // Present: back by now, or the zero page.
    if (nodes[i] >= 0 || known[i] == sys::page_entry::none) continue;
    on_the_way = on_the_way || known[i] == sys::page_entry::elsewhere;
    again[n] = pages[i];
    index[n++] = i;
  }
  if (n == 0 || sys::nodes_of(std::span(again).first(n), std::span(found).first(n)) != 0) return false;
  for (std::size_t i = 0; i < n; ++i) nodes[index[i]] = found[i];
  return on_the_way;
}

bool look_once_more(std::span<void* const> pages, std::span<int> nodes) noexcept {
  bool on_the_way = false;
  for (std::size_t at = 0; at < pages.size(); at += pages_per_further_look) {
    const std::size_t n = std::min(pages_per_further_look, pages.size() - at);
    on_the_way = look_at_some(pages.subspan(at, n), nodes.subspan(at, n)) || on_the_way;
  }
  return on_the_way;
}

}  // namespace

void look_again(std::span<void* const> pages, std::span<int> nodes, int& looks_left) noexcept {
  const auto absent = [](int node) { return node < 0; };
  for (;;) {
    const auto first = std::find_if(nodes.begin(), nodes.end(), absent);
    if (first == nodes.end()) return;
    const auto skipped = static_cast<std::size_t>(first - nodes.begin());
    pages = pages.subspan(skipped);
    nodes = nodes.subspan(skipped);
    if (!look_once_more(pages, nodes) || looks_left == 0) return;
    wait_a_little(--looks_left);
  }
}

}  // namespace acre
