// interleaving: in which order the kernel's interleaving policies go through the nodes, and which page is which in it.
#pragma once

#include <acre/node_set.hpp>
#include <acre/plan.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sys/mappings.hpp"

namespace acre::inline v1 {

/// The nodes as they take turns: each once for interleave, as often as the system's weights say for
/// weighted_interleave. Empty where the turns cannot be told: for other policies, and for weights that cannot be read.
std::vector<node_id> turns_of(const policy& p);

/// A page, or a huge page, and where it lies.
struct placed_unit {
  std::uint64_t turn;  ///< its number as the kernel counts, see turn_of()
  std::size_t offset;  ///< in bytes from the start of the range
  node_id node;
};

/// The number whose remainder by the count of turns says whose turn a page is, as Linux 6.12 has it
/// (mm/mempolicy.c, get_vma_policy): inode and offset of an object, else the address. Linux 6.1 counts some otherwise
/// (huge pages of objects, private mappings of objects), and memory that mremap(2) moved keeps the number that it had.
/// \param m the whole mapping; a part of one counts otherwise
/// \param unit bytes of the page, a power of two
std::uint64_t turn_of(const sys::map_line& m, std::uintptr_t at, std::size_t unit, std::size_t page_size);

/// By how many turns the units of a mapping are ahead of turn_of(): such that most lie right, 0 if others are no
/// better.
std::uint64_t shift_of(std::span<const placed_unit> units, std::span<const node_id> turns);

/// The shift with which all units lie right, if they are enough to tell.
std::optional<std::uint64_t> certain_shift_of(std::span<const placed_unit> units,
                                              std::span<const node_id> turns);

/// Huge pages, in order, that do not follow each other in turn. Where mappings were joined, which shows nowhere, the
/// round begins anew: a whole round, and another, must follow then.
std::vector<std::size_t> out_of_turn(std::span<const placed_unit> units, std::span<const node_id> turns);

}  // namespace acre::inline v1
