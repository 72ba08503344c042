// refused_look: where pages lie, in a process that may not call move_pages(2), as in most containers.
#pragma once

#include <acre/locate.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "sys/mappings.hpp"

namespace acre::inline v1 {

/// A page is there, or may be, and the kernel does not tell where.
constexpr int node_not_told = std::numeric_limits<int>::min();

/// What /proc/self/numa_maps tells of a mapping.
struct mapping_pages {
  std::uintptr_t begin;
  std::vector<node_pages> nodes;  ///< in base pages
};
/// All mappings of the process, in order; nothing if that cannot be read.
std::optional<std::vector<mapping_pages>> pages_by_mapping();

/// Looks at single pages by get_mempolicy(2), of which the page table says that they are there: of others it would make
/// some. Where that is refused, too, by /proc/self/numa_maps: a page of a mapping that lies on one node lies there.
class refused_look {
 public:
  /// \param refused what move_pages(2) answered
  explicit refused_look(int refused) noexcept : x_refused(refused) {}

  /// Fills in the node of each page, a negative number where there is none, node_not_told where nothing tells.
  /// \param pages one base page after the other
  /// \throws error with the errno of the refusal, if nothing else works
  void look(std::span<void* const> pages, std::span<int> nodes);

  bool per_mapping() const noexcept { return x_per_mapping; }

 private:
  int node_of(const void* page, bool may_be_zero);
  int node_of_mapping(const void* page, bool may_be_zero);
  bool is_of_file(const void* page);
  [[noreturn]] void give_up() const;

  int x_refused;
  bool x_per_mapping = false;
  std::optional<std::vector<mapping_pages>> x_mappings;
  std::optional<std::vector<sys::map_line>> x_lines;
};

}  // namespace acre::inline v1
