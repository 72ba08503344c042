// populate: makes the pages of a plan exist, by threads on the nodes where they will lie.
#pragma once

#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace acre::inline v1 {

struct populate_piece_at {
  std::size_t offset;
  std::size_t bytes;
  friend bool operator==(const populate_piece_at&, const populate_piece_at&) = default;
};
/// What is to be touched from the CPUs of one node.
struct populate_job {
  std::vector<populate_piece_at> pieces;
  std::vector<unsigned> cpus;
  std::size_t threads = 0;  ///< that it is worth, beside the caller
};
/// Who makes which pages. Ranges of one node are touched from that node's CPUs, ranges whose pages follow the toucher
/// from the CPUs of the caller's node; where there are none, from any. Pure.
/// \param allowed CPUs, in order
/// \param here the caller's node, if it is known
std::vector<populate_job> populate_jobs(const plan& p, const topology& machine,
                                        const std::vector<unsigned>& allowed, std::optional<node_id> here);

/// Faults all pages in for writing, as populate_jobs() has it, under the policies installed now.
/// \returns 0, or the first errno: EFAULT (no huge page, or nothing behind a file mapping),
/// EINVAL (not writable), ENOMEM, EHWPOISON
int populate_parallel(const plan& p, std::byte* base, const topology& machine);

/// populate_parallel(), whose errno becomes prefault()'s error.
/// \param pooled of hugetlb pages
/// \throws error errc::no_huge_pages, errc::invalid_argument, errc::out_of_memory; the errno
void populate_or_throw(const plan& p, std::byte* base, bool pooled, const topology& machine);

}  // namespace acre::inline v1
