// made_up_facts: of a machine of two nodes where nothing is wrong.
#pragma once

#include "cli/doctor/doctor_facts.hpp"

namespace acre_cli {

inline constexpr std::uint64_t mib = std::uint64_t{1} << 20;
inline constexpr std::uint64_t gib = std::uint64_t{1} << 30;

inline node_facts healthy_node(acre::node_id node) {
  node_facts facts;
  facts.node = node;
  facts.capacity = gib;
  facts.free = gib / 2;
  facts.cpus = 2;
  facts.huge_pages = {{2 * mib, 8, 8}, {gib, 0, 0}};
  facts.binding = trial{};
  return facts;
}

inline doctor_facts healthy_facts() {
  doctor_facts facts;
  facts.kernel = "6.12.57+deb13-amd64";
  facts.hwloc = "2.9.0";
  facts.nodes = {healthy_node(0), healthy_node(1)};
  for (auto* tried : {&facts.home_node, &facts.prefer_many, &facts.interleave, &facts.weighted_interleave,
                      &facts.thread_binding, &facts.locating, &facts.migrating, &facts.moving_processes})
    *tried = trial{};
  facts.seccomp = 0;
  facts.numa_balancing = 0;
  facts.demotion = false;
  facts.thp_enabled = "madvise";
  facts.thp_defrag = "madvise";
  facts.thp_shmem = "never";
  facts.max_map_count = 65530;
  facts.overcommit = 0;
  facts.zone_reclaim = 0;
  facts.shm = shm_facts{gib, gib};
  return facts;
}

}  // namespace acre_cli
