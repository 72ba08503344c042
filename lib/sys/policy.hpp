// policy: memory policies and pages' places: the mempolicy family, by raw system calls.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace acre::inline v1::sys {

/// Bits of nodes 0..1023, the kernel's largest MAX_NUMNODES.
using node_bits = std::array<std::uint64_t, 16>;

/// A policy as get_mempolicy(2) tells it: MPOL_* without flags.
struct raw_policy {
  int mode = 0;
  node_bits nodes{};
};

/// The modes' numbers (include/uapi/linux/mempolicy.h), which old headers lack in part.
enum mode : int {
  mode_default = 0,
  mode_preferred = 1,
  mode_bind = 2,
  mode_interleave = 3,
  mode_local = 4,
  mode_preferred_many = 5,
  mode_weighted_interleave = 6,
};

/// MPOL_MODE_FLAGS: MPOL_F_STATIC_NODES and the like, in the upper bits of a mode.
constexpr int mode_flags = 0xe000;

/// get_mempolicy(2) for the calling thread's own policy; the mode has its flags, and the nodes are then those
/// that were asked for. 0 or errno.
int thread_policy(raw_policy& policy) noexcept;
/// set_mempolicy(2) for the calling thread; the mode may have flags. 0 or errno.
int set_thread_policy(const raw_policy& policy) noexcept;

/// What mbind(2) does with pages that are there and lie on none of the nodes: its flags.
enum class page_moving : unsigned {
  none = 0,
  refused = 1U << 0,        ///< MPOL_MF_STRICT: none is moved, and one that lies elsewhere is EIO
  some = 1U << 1,           ///< MPOL_MF_MOVE: those that can be moved
  all = 1U << 0 | 1U << 1,  ///< with MPOL_MF_STRICT: EIO if one could not; the policy is set all the same
};
/// mbind(2): 0 or errno.
int bind(void* p, std::size_t bytes, int mode, const node_bits& nodes,
         page_moving moving = page_moving::none) noexcept;
/// set_mempolicy_home_node(2) (Linux 5.17): 0 or errno.
int set_home_node(void* p, std::size_t bytes, unsigned node) noexcept;
/// get_mempolicy(2) with MPOL_F_ADDR: never faults. 0 or errno.
int policy_at(const void* p, raw_policy& policy) noexcept;

/// The nodes that the calling thread's cpuset allows now, all of which have memory: get_mempolicy(2) with
/// MPOL_F_MEMS_ALLOWED. 0 or errno.
int allowed_nodes(node_bits& nodes) noexcept;

/// get_mempolicy(2) with MPOL_F_NODE and MPOL_F_ADDR: the node of the page at `p`, which must be there: else it is
/// faulted in. 0 or errno.
int node_at(const void* p, int& node) noexcept;

/// move_pages(2) without targets: the node of each page into `nodes`, or a negative errno (-ENOENT, -EFAULT:
/// no page there). Never faults. 0 or errno.
int nodes_of(std::span<void* const> pages, std::span<int> nodes) noexcept;
/// move_pages(2) with targets: results as above. 0, errno, or a negative count of pages not tried; with errno
/// ENOMEM `status` is not written.
long move(std::span<void* const> pages, std::span<const int> targets, std::span<int> status) noexcept;
/// migrate_pages(2): the count of pages that could not be moved, or -errno.
long migrate(int pid, const node_bits& from, const node_bits& to) noexcept;

}  // namespace acre::inline v1::sys
