// huge_page_fallback: whether there are huge pages for a mapping, and which pages come next if there are none.
#pragma once

#include <acre/mapping.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace acre::inline v1 {

bool is_hugetlb(page_kind kind) noexcept;
/// The next smaller kind; `system` has none.
page_kind smaller(page_kind kind) noexcept;

/// The pages that a mapping of `mapped` bytes is planned in. One smaller than a transparent huge page cannot have any.
std::size_t planned_page(page_kind kind, std::size_t mapped);
/// The plan for `bytes` bytes in a mapping of `mapped` bytes of such pages, which it does not reach beyond.
/// \throws what make_plan() throws
plan plan_mapping(const placement& where, std::size_t bytes, std::size_t mapped, page_kind kind,
                  const topology& machine);

/// Why this system has no pages of that kind at all; empty if it may have some.
std::string why_unavailable(page_kind kind, sharing s);
/// The part of it about the size of transparent huge pages: with base pages of 16 KiB they have 32 MiB, of 64 KiB
/// 512 MiB, and whoever touches a byte of what was told to have them would get as much.
/// \param bytes as the kernel says; nothing: it does not
std::string why_of_another_size(std::optional<std::uint64_t> bytes);

/// Why the pools of the nodes, or a limit of the control group, have not enough huge pages for the plan; empty if they
/// have. The kernel reserves huge pages for the whole machine only and answers with SIGBUS at first touch where a node
/// has none, or the group may have no more.
std::string why_short(const plan& p, page_kind kind);
/// Why a limit of the control group leaves not so many bytes of huge pages; empty if it does.
std::string why_group_is_short(std::uint64_t bytes, page_kind kind);

/// True if nothing tells how many free huge pages the nodes of the hard ranges have: then the kernel has to be asked
/// for the pages (an error), before somebody touches them (SIGBUS).
bool are_pools_hidden(const plan& p, page_kind kind);

}  // namespace acre::inline v1
