// pending_moves: pages that shall move to a node, moved in batches.
#pragma once

#include <acre/node_set.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace acre::inline v1 {

/// Why a page does not lie where it was moved to.
enum class move_failure { shared, busy, no_room };

/// No errno and no node: the kernel did not say.
constexpr int no_status = std::numeric_limits<int>::min();

class pending_moves {
 public:
  void add(std::uintptr_t page, node_id target);
  bool empty() const noexcept { return x_pages.empty(); }
  std::size_t size() const noexcept { return x_pages.size(); }

  /// Tries to move all pages. What came of it must be looked at: move_pages(2) itself does not always tell (a full node
  /// leaves the status unwritten, a huge page answers for its first base page only).
  /// \returns 0, or the errno if the kernel refuses move_pages(2): then none has moved
  int run();

  std::uintptr_t page(std::size_t i) const noexcept { return reinterpret_cast<std::uintptr_t>(x_pages[i]); }
  node_id target(std::size_t i) const noexcept { return static_cast<node_id>(x_targets[i]); }
  /// After run(): a node, a negative errno, or no_status.
  int status(std::size_t i) const noexcept { return x_status[i]; }

 private:
  std::vector<void*> x_pages;
  std::vector<int> x_targets;
  std::vector<int> x_status;
};

/// Tells from the status why a page does not lie on its target; asks for a page there where the status does not say.
class failure_teller {
 public:
  move_failure why(int status, node_id target);

 private:
  std::vector<std::pair<node_id, bool>> x_room;
};

/// The node of the set nearest to where a page lies, which may have come online since the snapshot.
/// \param nodes not empty
node_id nearest_of(const topology& machine, node_id now, const node_set& nodes);

}  // namespace acre::inline v1
