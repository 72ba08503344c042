// committer: makes pages exist before anybody has them, piece by piece, and where they belong: what does not fit is
// an error.
#pragma once

#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "placement/planned_mapping.hpp"

namespace acre::inline v1 {

/// For who commits small pieces often. Where nothing is wrong it takes three system calls for a piece, and a look at
/// the room now and then; else prefault() finds out what is wrong, and mends it or throws.
/// In memory that is placed by making (planned_mapping) each page of a piece goes where the plan has it.
/// \safety all functions from any thread, for pieces that have no page in common
class committer {
 public:
  /// \param binds false where nothing was bound because binding was denied
  /// \param page bytes: ranges of the placement's plans are whole pages of this size
  committer(const placement& where, bool binds, std::size_t page, const topology& machine);

  /// Sets the policy that commit() needs first, so that it divides no mappings. To be called once, when memory with the
  /// policies of the placement is fresh.
  void expect(void* p, std::size_t bytes) const noexcept;

  /// Makes the pages of a range exist that has the policies of the placement. They are not read or written.
  /// \throws error errc::node_full, errc::out_of_memory, and what else prefault() throws. Some pages may exist then,
  ///   and may lie elsewhere: the caller gives them back
  void commit(void* p, std::size_t bytes);

 private:
  void commit_range(void* p, std::size_t bytes, const policy& where);
  bool try_commit(void* p, std::size_t bytes, const policy& where) const noexcept;
  std::size_t run_of(const void* p, std::size_t bytes, policy& where) const;
  void commit_exactly(const planned_mapping& as, std::size_t from, std::size_t bytes);
  bool is_room_known(std::size_t bytes) noexcept;
  void look_for_room(const void* p, const plan& wanted);

  const topology x_machine;
  const std::size_t x_page;
  const std::optional<policy>
      x_only;  ///< the one policy of all pages; nothing: the kernel is asked for that of each
  std::vector<node_set> x_targets;  ///< each has to have room for a piece
  // Only how often the room is looked at hangs on these: relaxed.
  std::atomic<std::int64_t> x_known_room{0};  ///< bytes that may come without a further look
  std::atomic<std::int64_t> x_known_until{0};
};

}  // namespace acre::inline v1
