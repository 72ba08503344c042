/// \file
/// Tells the kernel where the pages of a range shall lie.
#pragma once

#include <acre/export.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace acre::inline v1 {

/// Why what the kernel installed, or what an area got, is less than what was asked.
enum class downgrade_reason {
  one_preferred_node,  ///< Linux < 5.15 has no MPOL_PREFERRED_MANY: only the first node is preferred
  no_home_node,        ///< Linux < 5.17 has no set_mempolicy_home_node: spill goes nearest to the toucher
  chunk_rounded_up,    ///< the chunk was no multiple of the page size, and was rounded up to one
  binding_denied,      ///< the kernel refuses to bind, the area went unbound (area_options::on_denied)
  smaller_pages,       ///< no such pages, smaller ones were taken
  policy_differs,      ///< the kernel reads back another policy than was set
  nodes_not_allowed,  ///< the cpuset allows fewer nodes than when the topology was loaded: the others are used
};
/// The name of the enumerator: "no_home_node".
[[nodiscard]] ACRE_API std::string_view to_string(downgrade_reason reason) noexcept;

/// One thing that is less than was asked. No error: the memory can be used.
struct downgrade {
  downgrade_reason reason;  ///< for programs
  std::string text;         ///< what was asked, what was done instead, and why, in one sentence for people
  /// Compares member by member.
  friend bool operator==(const downgrade&, const downgrade&) = default;
};

/// Installs `where` on [p, p + bytes). No page is touched, moved or reserved: pages that are there stay
/// where they are (migrate() moves them). A later apply() replaces an earlier one.
/// Of memory that other mappings share, the kernel looks at what *this* mapping was told last: saying the same again
/// changes nothing, even if another process has placed the object otherwise since (mbind_range() of Linux 6.1 and
/// 6.12). shared_segment::bind() knows a way around.
/// The nodes that the process's cpuset allows now count, not those of the topology: what is hard and names others is an
/// error, what is soft goes on with those that are left (local, if none is), which the downgrades tell.
/// This is for memory of one's own: of a pool's block the policy stays when it is freed, for whoever has that memory
/// next. migrate() tells the pool.
/// \param p the start of a page
/// \param bytes > 0, rounded up to whole pages
/// \param where how its pages shall lie
/// \param machine this one
/// \returns the downgrades, none in most cases
/// \throws error errc::foreign_topology; errc::node_not_allowed, errc::node_without_memory, errc::unknown_node for a
///   hard placement whose nodes may not be used now; errc::invalid_alignment if `p` is not the start of a page;
///   errc::not_mapped if part of the range is not mapped (nothing is promised then about the parts before the hole);
///   errc::binding_denied; errc::binding_unsupported; errc::unsupported_placement if this kernel lacks the mode, or
///   the range is not whole pages of hugetlb memory; errc::too_many_ranges also where vm.max_map_count is reached;
///   errc::out_of_memory if the kernel has no memory for its own bookkeeping; what make_plan() throws
/// \safety any thread; the range must stay mapped
ACRE_API std::vector<downgrade> apply(void* p, std::size_t bytes, const placement& where,
                                      const topology& machine = topology::system());

/// The same for a plan already made, on [p, p + ranges.bytes). Nothing is done for a plan without ranges.
/// \param p the start of a page
/// \param ranges made for this machine, in pages that are no smaller than its base pages
/// \param machine this one
/// \throws error as above, but for what make_plan() throws; errc::invalid_alignment also where a range of the plan
///   begins within a page of this machine
ACRE_API std::vector<downgrade> apply(void* p, const plan& ranges,
                                      const topology& machine = topology::system());

/// The same, with the error in `ec`: no downgrades then.
ACRE_API std::vector<downgrade> apply(void* p, std::size_t bytes, const placement& where,
                                      std::error_code& ec) noexcept;
/// The same, with the error in `ec`: no downgrades then.
ACRE_API std::vector<downgrade> apply(void* p, std::size_t bytes, const placement& where,
                                      const topology& machine, std::error_code& ec) noexcept;
/// The same, with the error in `ec`: no downgrades then.
ACRE_API std::vector<downgrade> apply(void* p, const plan& ranges, std::error_code& ec) noexcept;
/// The same, with the error in `ec`: no downgrades then.
ACRE_API std::vector<downgrade> apply(void* p, const plan& ranges, const topology& machine,
                                      std::error_code& ec) noexcept;

/// The policy of the page at `p` as the kernel reports it (get_mempolicy(2)). Never faults a page in. Memory without a
/// policy of its own is unbound.
/// \param p any address within the page
/// \throws error errc::not_mapped; errc::binding_unsupported where the kernel does not tell
ACRE_API policy installed_policy(const void* p);
/// The same, with the error in `ec`: unbound then.
ACRE_API policy installed_policy(const void* p, std::error_code& ec) noexcept;

}  // namespace acre::inline v1
