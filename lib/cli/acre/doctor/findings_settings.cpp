// Settings of the kernel that move pages, or limit what can be mapped.
#include "cli/acre/doctor/findings.hpp"

#include <acre/plan.hpp>

#include <fmt/format.h>

namespace acre_cli {
namespace {

/// What sandboxes hide.
void judge_files(const doctor_facts& facts, std::vector<finding>& findings) {
  if (!facts.has_sys) {
    findings.push_back(
        {"no_sys", finding_level::warning,
         "/sys cannot be read: memory can be bound, but how large and how full nodes are, which CPUs they "
         "have, their "
         "distances, and free huge pages are not known. most_free takes all nodes for equally free.",
         "Mount /sys (docker, bwrap: --ro-bind /sys /sys), read-only is enough."});
  }
  if (!facts.has_proc) {
    findings.push_back({"no_proc", finding_level::warning,
                        "/proc cannot be read: memory can be bound and pages be found, but binding_of, "
                        "move_process, `acre where` and "
                        "`acre move` do not work, nor does what asks for the size of pages, and limits of "
                        "control groups are not known.",
                        "Mount /proc (mount -t proc proc /proc)."});
  }
}

void judge_balancing(const doctor_facts& facts, std::vector<finding>& findings) {
  constexpr std::uint64_t tiering = 2;
  if (!facts.numa_balancing) return;
  if (*facts.numa_balancing == 0) {
    findings.push_back(
        {"numa_balancing", finding_level::ok, "Automatic NUMA balancing is off: it moves no pages.", ""});
  } else {
    const bool tiers = (*facts.numa_balancing & tiering) != 0;
    findings.push_back(
        {"numa_balancing_on", finding_level::note,
         fmt::format("Automatic NUMA balancing is on: pages of unbound memory move {}. Pages with any other "
                     "placement stay.",
                     tiers ? "to faster nodes when they are used much" : "to the nodes that read them"),
         "To keep pages where they were touched first: sysctl kernel.numa_balancing=0"});
  }
}

void judge_demotion(const doctor_facts& facts, std::vector<finding>& findings) {
  if (!facts.demotion.value_or(false)) return;
  findings.push_back(
      {"demotion_on", finding_level::warning,
       "When nodes fill up, the kernel may demote their pages to slower nodes, hard-bound ones too.",
       "echo false > /sys/kernel/mm/numa/demotion_enabled"});
}

void judge_mappings(const doctor_facts& facts, std::vector<finding>& findings) {
  if (!facts.max_map_count) return;
  constexpr std::size_t usual = 65530;
  const std::size_t ranges = *facts.max_map_count / 4 * 3;
  if (*facts.max_map_count < usual) {
    findings.push_back(
        {"few_mappings", finding_level::warning,
         fmt::format("A process may have {} mappings: placements by chunks or by page get {} ranges in all "
                     "instead of {}, where they are soft or lazy.",
                     *facts.max_map_count, ranges, usual / 4 * 3),
         fmt::format("sysctl vm.max_map_count={}, or larger chunks.", usual)});
  } else {
    findings.push_back(
        {"mappings", finding_level::ok,
         fmt::format(
             "A process may have {} mappings: soft and lazy placements by chunks get {} ranges in all.",
             *facts.max_map_count, ranges),
         ""});
  }
}

void judge_rest(const doctor_facts& facts, std::vector<finding>& findings) {
  if (facts.overcommit == std::uint64_t{2}) {
    findings.push_back(
        {"strict_overcommit", finding_level::note,
         "Memory counts when it is mapped (vm.overcommit_memory=2): large lazy areas may be refused.",
         "Map what is needed, or sysctl vm.overcommit_memory=0"});
  }
  if (facts.zone_reclaim.value_or(0) != 0) {
    findings.push_back(
        {"zone_reclaim", finding_level::note,
         "Full nodes drop their caches before soft memory spills to others (vm.zone_reclaim_mode).",
         "If that makes touching slow: sysctl vm.zone_reclaim_mode=0"});
  }
}

}  // namespace

void judge_settings(const doctor_facts& facts, std::vector<finding>& findings) {
  judge_files(facts, findings);
  judge_balancing(facts, findings);
  judge_demotion(facts, findings);
  judge_mappings(facts, findings);
  judge_rest(facts, findings);
}

}  // namespace acre_cli
