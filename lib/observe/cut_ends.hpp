// cut_ends: the pages beside a range, in the huge pages that it ends in the middle of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "observe/page_range.hpp"

namespace acre::inline v1 {

/// Pages of a part of a huge page can only be moved when it is divided, and Linux 6.12 gives those of its pages back that
/// hold zeros. Whoever has them beside the range may have been promised that they are there.
/// \safety as move_pages(2): others may use the pages
class cut_ends {
 public:
  /// Looks which are there.
  /// \throws std::bad_alloc
  explicit cut_ends(const page_range& range);
  /// Makes those again that are there no more.
  /// \throws std::bad_alloc
  void mend() const;

 private:
  /// Pages that were there: where they begin, and how many.
  struct run {
    std::uintptr_t begin;
    std::size_t pages;
  };
  void look(std::uintptr_t begin, std::uintptr_t end);

  std::size_t x_page;
  std::vector<run> x_there;
};

}  // namespace acre::inline v1
