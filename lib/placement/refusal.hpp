// refusal: what it means that the kernel does not take a policy, found out by looking at what is the case.
#pragma once

#include <acre/plan.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace acre::inline v1 {

/// What the kernel would make of a policy now that its cpuset allows other nodes than the topology says.
/// \param allowed what allowed_now() said
/// \returns for a soft policy what is left of it: the same with the nodes that are allowed, `local` without any;
///   nothing if all are allowed, or nobody tells
/// \throws error errc::node_not_allowed for a hard one; errc::node_without_memory, errc::unknown_node where a node is
///   gone
std::optional<policy> what_is_left(const policy& wanted, const std::optional<node_set>& allowed);

/// What downgrade::text says of it.
std::string say_what_is_left(const policy& wanted, const policy& left, const node_set& allowed);

/// Throws what an errno of mbind(2) or set_mempolicy(2) means.
/// \param doing what was attempted, for the message
/// \param p the range it was attempted on; null: the calling thread
/// \throws error always: what_is_left()'s; errc::binding_denied, errc::binding_unsupported, errc::not_mapped,
///   errc::invalid_alignment, errc::unsupported_placement, errc::too_many_ranges, errc::out_of_memory
[[noreturn]] void throw_refusal(int error, const policy& wanted, const std::string& doing, const void* p,
                                std::size_t bytes);

/// Throws what an errno of a call about policies means that has nothing to do with its arguments.
/// \throws error always: errc::binding_denied, errc::binding_unsupported, or the errno as it is
[[noreturn]] void throw_not_bound(int error, const std::string& doing, const std::string& call);

}  // namespace acre::inline v1
