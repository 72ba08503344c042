/// \file
/// Makes pages exist before they are used, in parallel.
#pragma once

#include <acre/export.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <system_error>

namespace acre::inline v1 {

/// Faults every page of the range in for writing, by the policies the range has, in parallel from threads
/// on the target nodes where that pays (some 32 MiB a thread). Contents are kept. Pages under a hard policy
/// (MPOL_BIND) are faulted so that a full node is an error and never the OOM killer: softly, then looked
/// at, then moved; where the kernel refuses whatever looks, as containers do, mbind(2) must say that all could be
/// moved.
/// \param p any address
/// \param bytes > 0; the range is rounded outward to whole pages
/// \param machine this one
/// \throws error errc::invalid_size for 0 bytes or an empty plan; errc::not_mapped; errc::node_full: part of a hard
///   range has no room, its pages lie elsewhere and its policy is hard again; errc::out_of_memory if the machine or the
///   control group has not that much left; errc::no_huge_pages; errc::invalid_argument if the range is not writable;
///   for hard ranges what apply() throws (their nodes may not be allowed any more), and the system's EBUSY if pages lie
///   elsewhere and others hold them; the system's EFAULT if a file's pages cannot be had (its end, a full file system)
/// \safety any thread; the policy of hard ranges is changed for the time of the call: nobody else may fault
///   pages of the range in meanwhile and rely on it
ACRE_API void prefault(void* p, std::size_t bytes, const topology& machine = topology::system());
/// The same, with the error in `ec`.
ACRE_API void prefault(void* p, std::size_t bytes, std::error_code& ec) noexcept;
/// The same, with the error in `ec`.
ACRE_API void prefault(void* p, std::size_t bytes, const topology& machine, std::error_code& ec) noexcept;

/// The same for a fresh range and its plan, which need not be applied yet: when it returns the plan is
/// installed and every page exists, those of hard ranges where it says. What an eager area does.
/// \param p the start of a page
/// \param ranges made for this machine
/// \param machine this one
/// \throws error as above; what apply() throws
ACRE_API void prefault(void* p, const plan& ranges, const topology& machine = topology::system());
/// The same, with the error in `ec`.
ACRE_API void prefault(void* p, const plan& ranges, std::error_code& ec) noexcept;
/// The same, with the error in `ec`.
ACRE_API void prefault(void* p, const plan& ranges, const topology& machine, std::error_code& ec) noexcept;

}  // namespace acre::inline v1
