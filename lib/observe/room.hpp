// room: is there memory for a plan, before any page is asked for?
#pragma once

#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace acre::inline v1 {

/// Bytes of the hard ranges that are bound to the same nodes.
struct hard_need {
  node_set nodes;
  std::uint64_t bytes;
};
std::vector<hard_need> hard_needs(const plan& p);

/// Compares what the plan needs with what its nodes, the machine and the memory cgroups have, free or reclaimable. A
/// first look that keeps hopeless requests from filling the machine; whether pages really came is looked at afterwards.
/// What is not known, because /proc or /sys cannot be read, does not count.
/// \param at where it will lie: where room is tight, what exists there already needs none; null: nothing does
/// \throws error what what_is_left() throws, for nodes that may not be used any more; errc::node_full, naming the
///   nodes, what they need and what they have; errc::out_of_memory
/// \returns the least that the machine, the memory cgroups and any of `targets` have for new pages, beside what is to
///   stay free; UINT64_MAX where nothing is known
std::uint64_t require_room(const plan& p, const void* at, const topology& machine,
                           std::span<const node_set> targets = {});

}  // namespace acre::inline v1
