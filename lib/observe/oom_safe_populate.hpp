// oom_safe_populate: makes the pages of hard memory, and ends in an error where the nodes are full, never in the OOM
// killer.
#pragma once

#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>

namespace acre::inline v1 {

/// Whether some of its ranges are bound.
bool has_hard(const plan& p);
/// A plan with every bind as prefer.
plan softened(plan p);

/// To touch what is bound to a full node is answered by the OOM killer, whoever touches it. So the pages are made
/// under the soft policies, looked at, moved where they spilled (for which the kernel reclaims memory, and kills
/// nobody), and bound at last.
/// \param p has hard ranges, of base pages or transparent huge ones. There is room for them (require_room())
/// \param base the start of a page, for the plan's bytes, all of which are mapped
/// \throws error what apply() throws; errc::node_full; errc::invalid_argument, errc::out_of_memory; the system's
///   EBUSY for pages that others hold. The policies are set then, and some pages may exist.
void populate_without_oom(const plan& p, std::byte* base, const topology& machine);

}  // namespace acre::inline v1
