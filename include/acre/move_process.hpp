/// \file
/// Moves the pages of a whole process from nodes to nodes.
#pragma once

#include <acre/export.hpp>
#include <acre/locate.hpp>
#include <acre/node_set.hpp>

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <system_error>
#include <vector>

namespace acre::inline v1 {

/// What became of the pages of one node. Base pages, counted in /proc/PID/numa_maps before and after: a
/// running process touches and frees pages meanwhile.
struct process_move {
  node_id from = 0;       ///< where the pages were
  node_id to = 0;         ///< where they go
  std::size_t pages = 0;  ///< on `from` before
  std::size_t moved = 0;  ///< how many fewer there were after
  std::size_t left = 0;   ///< still on `from`
  /// Of those left, the pages of mappings of which some page is mapped by several processes (programs,
  /// libraries, shared memory): without CAP_SYS_NICE the kernel leaves what others map too, and does not say
  /// so.
  std::size_t left_shared = 0;
  std::size_t refused = 0;  ///< what migrate_pages(2) says it could not move: busy, or no room
  std::error_code error;    ///< errc::node_full where `to` had no room; none otherwise
};

/// What move_process() did.
struct process_migration {
  int pid = 0;                      ///< as given; of the calling process its number
  std::vector<process_move> moves;  ///< in the order they were made
  std::vector<node_pages> before;   ///< all pages of the process, nodes in order
  std::vector<node_pages> after;    ///< the same, when all was done

  /// Pages moved, of all moves.
  [[nodiscard]] ACRE_API std::size_t moved() const noexcept;
  /// Pages left, of all moves.
  [[nodiscard]] ACRE_API std::size_t left() const noexcept;
  /// "process 17: node 0 to 1: 512 of 520 pages moved, 8 left (8 in mappings shared with other processes)"
  [[nodiscard]] ACRE_API std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const process_migration& m);
};

/// What move_process() may be told.
struct move_options {
  /// For a progress bar: called by the thread that called move_process(), many times a second while the pages of
  /// a node are moved (less often for large processes: a look walks their page tables), and once after. Told is
  /// what was done so far, and of how many moves it is which (from 1 on). What it throws ends the migration, but
  /// only after the pages of this node: nothing stops the kernel before.
  std::function<void(const process_move& done, std::size_t number, std::size_t count)> progress;
};

/// Moves with migrate_pages(2), one node after the other. The first node of `from` goes to the first of `to`,
/// the second to the second, and round again where `to` has fewer; where the numbers differ, pages on nodes
/// of both sets stay. A node is cleared before it is filled: {0, 1} to {1, 2} shifts. Contents are kept,
/// policies too: pages touched later go where the process's policies say. Costs about 10 us a page of 4 KiB.
/// With a progress function, a thread of its own makes the kernel's call meanwhile.
/// \param pid of a process, 0: the calling one
/// \param from nodes of this machine
/// \param to nodes that this process may use, and the other one too
/// \param options see move_options
/// \returns what was moved and what was left; pages left are no error
/// \throws error errc::no_such_process, also if it ends meanwhile or has no memory; errc::permission_denied
///   (another user's process needs CAP_SYS_NICE and CAP_SYS_PTRACE); errc::node_not_allowed where the process's
///   cpuset forbids nodes of `to`; errc::empty_node_set, errc::unknown_node; errc::binding_unsupported, also where
///   /proc was mounted in another PID namespace and has other numbers than the kernel's calls; what require_usable()
///   throws for `to`. Pages already moved stay moved.
/// \safety any thread; the process may run
ACRE_API process_migration move_process(int pid, const node_set& from, const node_set& to,
                                        const move_options& options = {});
/// The same, with the error in `ec`: a result without moves then. What a progress function throws is
/// errc::invalid_function, if it has no code of its own.
ACRE_API process_migration move_process(int pid, const node_set& from, const node_set& to,
                                        const move_options& options, std::error_code& ec) noexcept;
/// The same, with the error in `ec`: a result without moves then.
ACRE_API process_migration move_process(int pid, const node_set& from, const node_set& to,
                                        std::error_code& ec) noexcept;

}  // namespace acre::inline v1
