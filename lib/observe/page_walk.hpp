// page_walk: the node of every base page of a range, in batches of one system call.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "observe/page_range.hpp"
#include "observe/refused_look.hpp"
#include "sys/mappings.hpp"

namespace acre::inline v1 {

/// 16 KiB of addresses, on the stack; more at once measured no faster.
constexpr std::size_t pages_per_look = 2048;

/// Tells where pages lie, and makes none. Where the kernel refuses move_pages(2), by other means.
class page_looker {
 public:
  explicit page_looker(const page_range& range) : x_range(range) {}

  /// Fills in the node of each page; a negative number where there is no page, node_not_told where there may be one.
  /// \param pages of the range, one base page after the other, at most pages_per_look
  /// \throws error if the kernel refuses whatever could tell
  void look(std::span<void* const> pages, std::span<int> nodes);

  /// Whether some answers are of whole mappings, not of pages.
  bool per_mapping() const noexcept { return x_refused && x_refused->per_mapping(); }

 private:
  void look_once(std::span<void* const> pages, std::span<int> nodes);
  void look_again(std::span<void* const> pages, std::span<int> nodes);
  bool look_once_more(std::span<void* const> pages, std::span<int> nodes, bool last);
  void look_into_objects(std::span<void* const> pages, std::span<int> nodes);
  void look_into_object(const sys::map_line& m, std::span<void* const> pages, std::span<int> nodes);
  void look_through_mirror(std::span<void* const> pages, std::span<const unsigned char> present,
                           std::span<int> nodes);
  bool tells_presence(const sys::map_line& m);
  const sys::map_line* mapping_at(const void* p);

  const page_range x_range;
  int x_looks_left = 300;  ///< in all about a quarter of a second of waiting
  std::optional<refused_look> x_refused;
  std::optional<std::vector<sys::map_line>> x_mappings;
  std::optional<bool> x_locks;  ///< the process has locked memory
  std::optional<std::vector<sys::smaps_entry>> x_entries;
  struct object_facts {
    bool huge;    ///< of hugetlb pages
    bool locked;  ///< in memory, by mlock(2)
    std::optional<bool> tells;
  };
  std::map<std::uintptr_t, object_facts> x_objects;  ///< by the begin of their mapping
};

/// Calls each(page index, node) for the base pages of [begin, end), which is part of the looker's range; node as look()
/// has it.
/// \throws error what look() throws
template <class F>
void walk_pages(page_looker& looker, std::uintptr_t begin, std::uintptr_t end, std::size_t page_size,
                F each) {
  std::array<void*, pages_per_look> pages;
  std::array<int, pages_per_look> nodes;
  std::size_t index = 0;
  for (std::uintptr_t at = begin; at < end;) {
    std::size_t n = 0;
    for (; n < pages_per_look && at < end; ++n, at += page_size) pages[n] = reinterpret_cast<void*>(at);
    looker.look(std::span(pages).first(n), std::span(nodes).first(n));
    for (std::size_t i = 0; i < n; ++i) each(index++, nodes[i]);
  }
}

}  // namespace acre::inline v1
