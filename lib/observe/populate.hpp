// populate: makes the pages of a plan exist, by threads on the nodes where they will lie.
#pragma once

#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>

namespace acre::inline v1 {

/// Faults all pages in for writing, under the policies installed now. Ranges of one node are touched from
/// that node's CPUs where it has some; ranges whose pages follow the toucher are touched from the CPUs of
/// the caller's node.
/// \returns 0, or the first errno: EFAULT (no huge page, or nothing behind a file mapping),
/// EINVAL (not writable), ENOMEM, EHWPOISON
int populate_parallel(const plan& p, std::byte* base, const topology& machine);

}  // namespace acre::inline v1
