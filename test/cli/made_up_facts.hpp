// made_up_facts: of a machine of two nodes where nothing is wrong.
#pragma once

#include "cli/doctor/doctor_facts.hpp"

namespace acre_cli {

inline constexpr std::uint64_t mib = std::uint64_t{1} << 20;
inline constexpr std::uint64_t gib = std::uint64_t{1} << 30;

inline node_row healthy_node(acre::node_id node) {
  return {.node = node,
          .kind = "dram",
          .capacity = gib,
          .free = gib / 2,
          .reclaimable = 0,
          .cpus = {{2 * node, 2 * node + 1}},
          .huge_pages = {{{2 * mib, 8, 8}, {gib, 0, 0}}}};
}

inline doctor_facts healthy_facts() {
  doctor_facts facts;
  facts.kernel = "6.12.57+deb13-amd64";
  facts.hwloc = "2.9.0";
  facts.machine.nodes = {healthy_node(0), healthy_node(1)};
  facts.binding = {{0, {}}, {1, {}}};
  for (const char* name :
       {"prefer_one", "prefer_several", "interleave", "weighted_by_system", "thread_binding", "locate",
        "migrate", "move_process", "other_processes", "shared_segment"})
    facts.trials[name] = trial{};
  facts.settings = {{"seccomp", 0},
                    {"numa_balancing", 0},
                    {"demotion_enabled", false},
                    {"transparent_hugepage_enabled", "madvise"},
                    {"transparent_hugepage_defrag", "madvise"},
                    {"transparent_hugepage_shmem_enabled", "never"},
                    {"max_map_count", 65530},
                    {"overcommit_memory", 0},
                    {"zone_reclaim_mode", 0}};
  facts.shm = shm_facts{gib, gib};
  return facts;
}

}  // namespace acre_cli
