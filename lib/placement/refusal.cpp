#include "placement/refusal.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "placement/kernel_policy.hpp"
#include "sys/files.hpp"
#include "sys/mappings.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {
namespace {

/// Whether this kernel has the mode at all: tried on a page of its own, with nodes that it allows.
bool has_mode(policy_mode mode, const node_set& allowed) {
  const sys::map_result scratch = sys::map({.bytes = sys::page_size()});
  if (scratch.error != 0) return true;
  const kernel_policy& tried = row_of(mode);
  const int e = sys::bind(scratch.data, sys::page_size(), tried.number,
                          to_bits(tried.has_nodes ? allowed : node_set{}));
  sys::unmap(scratch.data, sys::page_size());
  return e != EINVAL;
}

/// EINVAL of a range that begins or ends within a huge page.
void require_whole_pages(const std::string& doing, const void* p, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(p);
  for (const std::uintptr_t edge : {begin, begin + bytes}) {
    const auto page = sys::page_size_at(edge == begin ? begin : edge - 1);
    if (page && edge % *page != 0) {
      throw error(errc::unsupported_placement, doing + ": hugetlb memory takes whole huge pages only, of " +
                                                   std::to_string(*page) + " bytes here, and byte " +
                                                   std::to_string(edge - begin) +
                                                   " of the range lies within one");
    }
  }
}

[[noreturn]] void throw_invalid(const policy& wanted, const std::string& doing, const void* p,
                                std::size_t bytes) {
  const auto allowed = allowed_now();
  what_is_left(wanted, allowed);
  if (p != nullptr) require_whole_pages(doing, p, bytes);
  if (allowed && !has_mode(wanted.mode, *allowed)) {
    throw error(errc::unsupported_placement,
                doing + (wanted.mode == policy_mode::weighted_interleave
                             ? ": this kernel has no MPOL_WEIGHTED_INTERLEAVE (Linux 6.9)"
                             : ": this kernel has no such policy"));
  }
  throw error(errc::unsupported_placement, doing + ": the kernel says EINVAL, and acre sees no reason");
}

/// ENOMEM: as many mappings as a process may have, or no memory for the kernel's own books.
[[noreturn]] void throw_no_memory(const std::string& doing) {
  const auto now = sys::count_mappings();
  const std::size_t most = sys::max_map_count();
  // A range in the middle of a mapping needs two more.
  if (now && *now + 2 < most) throw error(errc::out_of_memory, doing + ": the kernel has no memory for it");
  throw error(errc::too_many_ranges, doing + ": out of kernel mappings; vm.max_map_count, " +
                                         std::to_string(most) + ", is the limit");
}

}  // namespace

std::optional<policy> what_is_left(const policy& wanted, const std::optional<node_set>& allowed) {
  if (!allowed || allowed->contains(wanted.nodes)) return std::nullopt;
  const node_set gone = wanted.nodes - *allowed;
  if (wanted.mode == policy_mode::bind) throw no_longer_usable(gone.first(), *allowed);
  const node_set left = wanted.nodes & *allowed;
  return left.empty() ? policy{policy_mode::local, {}} : policy{wanted.mode, left};
}

std::string say_what_is_left(const policy& wanted, const policy& left, const node_set& allowed) {
  return "'" + wanted.to_string() + "' is '" + left.to_string() +
         "': " + no_longer_usable((wanted.nodes - allowed).first(), allowed).what();
}

[[noreturn]] void throw_refusal(int error, const policy& wanted, const std::string& doing, const void* p,
                                std::size_t bytes) {
  const std::string call = p == nullptr ? "set_mempolicy(2)" : "mbind(2)";
  if (p != nullptr && (error == EFAULT || error == EINVAL) && !sys::is_mapped(p, bytes))
    throw acre::error(errc::not_mapped, doing + ": part of the range is not mapped");
  if (error == ENOMEM) throw_no_memory(doing);
  if (error == EINVAL) throw_invalid(wanted, doing, p, bytes);
  throw_not_bound(error, doing, call);
}

void throw_not_bound(int error, const std::string& doing, const std::string& call) {
  switch (error) {
    case EPERM:
    case EACCES:
      throw acre::error(errc::binding_denied,
                        doing + ": the kernel refuses " + call + ", as seccomp filters of containers do");
    case ENOSYS:
      throw acre::error(errc::binding_unsupported, doing + ": this kernel or hwloc has no " + call);
    default:
      throw acre::error(std::error_code(error, std::system_category()), doing + ": " + call);
  }
}

}  // namespace acre::inline v1
