// cut_ends: the pages beside a range, in the huge pages that it ends in the middle of.
#pragma once

#include <acre/topology.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "observe/page_range.hpp"

namespace acre::inline v1 {

/// Pages of a part of a huge page can only be moved when it is divided, and Linux 6.12 gives those of its pages back
/// that hold zeros. Whoever has them beside the range may have been promised that they are there.
/// \safety as move_pages(2): others may use the pages
class cut_ends {
 public:
  /// Looks which are there.
  /// \throws std::bad_alloc
  cut_ends(const page_range& range, const topology& machine);
  /// Makes those again that are there no more, where they belong, as far as there is room.
  ~cut_ends();
  cut_ends(const cut_ends&) = delete;
  cut_ends& operator=(const cut_ends&) = delete;

 private:
  /// Pages that were there: where they begin, and how many.
  struct run {
    std::uintptr_t begin;
    std::size_t pages;
  };
  void look(std::uintptr_t begin, std::uintptr_t end);
  void mend() const;

  std::size_t x_page;
  const topology& x_machine;
  std::vector<run> x_there;
};

}  // namespace acre::inline v1
