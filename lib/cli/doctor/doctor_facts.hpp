// doctor_facts: what `acre doctor` found out, before anything is made of it.
#pragma once

#include "process/system_files.hpp"

#include <acre/node_set.hpp>
#include <acre/topology.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace acre_cli {

/// How an attempt ended.
enum class outcome {
  works,
  less,         ///< done, and less than what was asked
  elsewhere,    ///< bound, and the page lies on another node: this one is full
  unseen,       ///< bound, and the kernel does not tell where the page lies
  denied,       ///< the kernel refuses the call: seccomp, container
  unsupported,  ///< the kernel has no such thing
  failed,       ///< anything else
};

struct trial {
  outcome result = outcome::works;
  std::string why = {};  ///< what the system said; empty if it works
};

struct node_facts {
  acre::node_id node = 0;
  std::optional<std::uint64_t> capacity = {};  ///< bytes; 0: no memory; nothing: not known
  std::optional<std::uint64_t> free = {};
  std::optional<std::uint64_t> reclaimable = {};
  std::optional<std::size_t> cpus = {};
  bool allowed = true;
  std::vector<acre::huge_pool> huge_pages = {};
  std::optional<trial> binding = {};  ///< a page bound to the node; nothing where none may be
};

struct shm_facts {
  std::uint64_t size = 0;  ///< bytes
  std::uint64_t free = 0;  ///< bytes, for this user
};

/// Nothing: it could not be found out.
struct doctor_facts {
  std::string kernel;  ///< uname -r
  std::string hwloc;   ///< acre::hwloc_version()
  /// hwloc shows another machine (HWLOC_XMLFILE and the like).
  bool foreign_topology = false;
  std::vector<node_facts> nodes;
  bool has_proc = true;  ///< /proc tells of this process
  bool has_sys = true;   ///< /sys tells of the kernel

  std::optional<trial> home_node;            ///< prefer one node
  std::optional<trial> prefer_many;          ///< prefer two nodes
  std::optional<trial> interleave;           ///< by page
  std::optional<trial> weighted_interleave;  ///< by the system's weights
  std::optional<trial> thread_binding;
  std::optional<trial> locating;
  std::optional<trial> migrating;         ///< move_pages(2)
  std::optional<trial> moving_processes;  ///< migrate_pages(2)

  std::optional<std::uint64_t> seccomp;  ///< /proc/self/status: 2 is a filter
  std::optional<std::uint64_t> numa_balancing;
  std::optional<bool> demotion;  ///< to slower nodes
  std::optional<std::string> thp_enabled;
  std::optional<std::string> thp_defrag;
  std::optional<std::string> thp_shmem;
  std::optional<std::uint64_t> max_map_count;
  std::optional<std::uint64_t> overcommit;
  std::optional<std::uint64_t> zone_reclaim;
  std::optional<acre::memory_limit> memory_limit;
  bool group_is_seen = true;     ///< else it may have limits that nobody here knows of
  std::optional<shm_facts> shm;  ///< /dev/shm
};

/// Reads and tries. Binds a few scratch pages of this process, and its calling thread for a moment; moves
/// pages of this process from one node to another.
doctor_facts collect_facts(const acre::topology& machine, const acre::system_files& files);

}  // namespace acre_cli
