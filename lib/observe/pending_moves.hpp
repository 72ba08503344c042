// pending_moves: pages that shall move to a node, moved in batches, and what became of each.
#pragma once

#include <acre/node_set.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace acre {

enum class move_outcome { moved, shared, busy, no_room };

class pending_moves {
 public:
  void add(std::uintptr_t page, node_id target);
  bool empty() const noexcept { return x_pages.empty(); }

  /// Moves all pages, then looks where they lie: move_pages(2) itself does not always tell (a full node
  /// leaves the status unwritten, a huge page answers for its first base page only).
  /// \throws error with the errno if the kernel refuses move_pages(2)
  void run();

  template <class F>
  void each_outcome(F each) const {
    for (std::size_t i = 0; i < x_pages.size(); ++i)
      each(reinterpret_cast<std::uintptr_t>(x_pages[i]), outcome(i));
  }
  std::size_t failed() const;

 private:
  move_outcome outcome(std::size_t i) const noexcept;

  std::vector<void*> x_pages;
  std::vector<int> x_targets;
  std::vector<int> x_status;  ///< of the attempt
  std::vector<int> x_now;     ///< node afterwards
};

}  // namespace acre
