// How much room there is, and which settings of the kernel limit or move memory.
#include "cli/doctor/findings.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

#include <map>

namespace acre_cli {
namespace {

using enum finding_level;

using acre::format_bytes_rounded;

bool is_scarce(std::uint64_t free, std::uint64_t of) { return free < of / 20; }

void judge_room(const doctor_facts& f, judgement& say) {
  std::optional<std::uint64_t> of_nodes = 0;
  for (const auto& n : f.machine.nodes) {
    if (!n.allowed) continue;
    of_nodes = of_nodes && n.capacity ? std::optional(*of_nodes + *n.capacity) : std::nullopt;
    if (!n.capacity || !n.free || !is_scarce(*n.free, *n.capacity)) continue;
    const std::string amount = fmt::format("Node {} has {} free of {}", n.node, format_bytes_rounded(*n.free),
                                           format_bytes_rounded(*n.capacity));
    const bool cached = !is_scarce(*n.free + n.reclaimable.value_or(0), *n.capacity);
    say(warning, "little_memory", !cached,
        amount + " and little to reclaim: hard placements there may end in the OOM killer.",
        "Use other nodes or soft placements (acre run --prefer), or make all pages at once, which fails "
        "instead (acre shm create --eager; areas with eager commit).");
    say(warning, "cached_memory", cached,
        amount + "; caches hold the rest: soft placements may spill to other nodes.",
        "Use hard placements (acre run --bind): the kernel drops caches for them. Or: sysctl "
        "vm.drop_caches=1");
  }
  say(warning, "memory_limit_unknown", !f.group_is_seen,
      "Whether a control group limits memory cannot be seen: at a limit eager areas may end in the OOM "
      "killer.",
      "Mount /proc, and the control groups at /sys/fs/cgroup.");
  if (!f.memory_limit || (of_nodes && f.memory_limit->limit >= *of_nodes)) return;
  const auto [limit, used] = *f.memory_limit;
  const bool reached = is_scarce(limit > used ? limit - used : 0, limit);
  const std::string limited =
      fmt::format("The control group limits memory to {} for all nodes together, {} of it used",
                  format_bytes_rounded(limit), format_bytes_rounded(used));
  say(warning, "memory_limit_reached", reached, limited + ": what comes next may end in the OOM killer.",
      "Raise memory.max or memory.high of the control group (docker run --memory).");
  say(note, "memory_limit", !reached, limited + ".",
      "Free memory of nodes beyond it is no use here; raise memory.max or memory.high (docker run "
      "--memory).");
}

void judge_shm(const doctor_facts& f, judgement& say) {
  constexpr std::uint64_t of_containers = std::uint64_t{64} << 20;
  const auto [size, free] = f.shm.value_or(shm_facts{});
  const trial tried = f.tried("shared_segment");
  const bool full = tried.result == outcome::less || (size != 0 && is_scarce(free, size));
  const bool small = size != 0 && size <= of_containers;
  const bool denied = !f.shm || (tried.fell_short() && !full);
  say(warning, "no_shm", denied,
      "Shared segments with names cannot be made in /dev/shm" + in_brackets(tried.why) + ".",
      "Mount a tmpfs there that all may write to (mount -t tmpfs -o mode=1777 tmpfs /dev/shm), or use System "
      "V segments (acre shm create --backend sysv).");
  if (denied) return;
  const std::string room = size == 0 ? "/dev/shm has no limit"
                                     : fmt::format("/dev/shm has {} free of {}", format_bytes_rounded(free),
                                                   format_bytes_rounded(size));
  say(warning, "shm_full", full, room + in_brackets(tried.why) + ": larger shared segments cannot be made.",
      "Remove what nobody uses (acre shm list, remove), or enlarge it (mount -o "
      "remount,size=...,nr_inodes=... "
      "/dev/shm).");
  say(note, "small_shm", !full && small, room + " for all shared segments.",
      "Enlarge it: docker run --shm-size, or mount -o remount,size=... /dev/shm.");
  say(ok, "shm", !full && !small, room + " for shared segments.");
}

void judge_transparent(const doctor_facts& f, judgement& say) {
  const auto enabled = f.setting("transparent_hugepage_enabled");
  const bool never = enabled == "never" || (enabled.is_null() && f.has_sys);  // no file: not in this kernel
  const char* const less = "If that is not meant: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled";
  say(note, "thp_never", never, "There are no transparent huge pages.", less);
  say(note, "thp_always", enabled == "always",
      "Transparent huge pages are everywhere: what programs of `acre run` interleave by page goes round by 2 "
      "MiB. Areas of acre are not concerned.",
      less);
  say(ok, "thp", enabled == "madvise", "Transparent huge pages are there for areas that ask.");
  say(note, "thp_defrag_always", !never && f.setting("transparent_hugepage_defrag") == "always",
      "Each missing huge page makes the toucher wait until memory is compacted.",
      "echo madvise > /sys/kernel/mm/transparent_hugepage/defrag");
}

void judge_reserved(const doctor_facts& f, judgement& say) {
  struct reserved_pages {
    acre::node_set with, without;  // nodes that have some, or none
    std::uint64_t total = 0, free = 0;
  };
  std::map<std::uint64_t, reserved_pages> sizes;
  for (const auto& node : f.machine.nodes) {
    if (!node.allowed || node.capacity == 0U || !node.huge_pages) continue;
    for (const auto& pool : *node.huge_pages) {
      auto& of_size = sizes[pool.page_size];
      of_size.total += pool.total;
      of_size.free += pool.free;
      (pool.total != 0 ? of_size.with : of_size.without).insert(node.node);
    }
  }
  std::uint64_t of_all = 0;
  for (const auto& [size, p] : sizes) {
    if (p.total == 0) continue;
    of_all += p.total;
    const std::string count =
        fmt::format("{} of {} reserved pages of {} are free", p.free, p.total, format_bytes_rounded(size));
    say(note, "hugetlb_used_up", p.free == 0, count + ".",
        "Reserve more: write to nr_hugepages below /sys/devices/system/node/node*/hugepages.");
    say(note, "hugetlb_uneven", p.free != 0 && !p.without.empty(),
        fmt::format("{}, all on node {}; node {} has none.", count, p.with.to_string(),
                    p.without.to_string()),
        "Reserve them per node: write to nr_hugepages below /sys/devices/system/node/node*/hugepages.");
    say(ok, "hugetlb", p.free != 0 && p.without.empty(), count + ".");
  }
  say(note, "no_hugetlb", !sizes.empty() && of_all == 0,
      "No huge pages are reserved: areas use smaller pages, and `acre shm create --pages huge_2mb` fails.",
      "sysctl vm.nr_hugepages=N, or per node below /sys/devices/system/node/node*/hugepages.");
}

/// What sandboxes hide.
void judge_files(const doctor_facts& f, judgement& say) {
  say(warning, "no_sys", !f.has_sys,
      "/sys cannot be read: memory can be bound, but sizes, free memory, CPUs, distances and huge pages of "
      "nodes are not known. most_free takes all nodes for equally free.",
      "Mount /sys (docker, bwrap: --ro-bind /sys /sys), read-only is enough.");
  say(warning, "no_proc", !f.has_proc,
      "/proc cannot be read: memory can be bound and pages be found, but neither `acre where` nor `acre "
      "move` work (binding_of, move_process), and sizes of pages and limits of control groups are not known.",
      "Mount /proc (mount -t proc proc /proc).");
  say(warning, "foreign_proc", !f.proc_is_own,
      "/proc was mounted in another PID namespace: its numbers mean other processes than kill(1)'s. `acre "
      "where` goes by /proc's, `acre move` refuses, and `acre run --report` sees nothing.",
      "Mount /proc in this PID namespace (unshare --pid --fork --mount-proc; mount -t proc proc /proc).");
  const trial others = f.tried("other_processes");
  say(note, "hidden_processes", others.fell_short(),
      "`acre where` and `acre move` find processes of this user only" + in_brackets(others.why) + ".",
      "Use acre as root or in the group gid of the mount (findmnt /proc), or mount -o remount,hidepid=0 "
      "/proc");
}

void judge_settings(const doctor_facts& f, judgement& say) {
  constexpr int tiering = 2;
  constexpr std::uint64_t usual = 65530;
  // What is not known is null, and not greater than any number.
  const auto balancing = f.setting("numa_balancing");
  say(ok, "numa_balancing", balancing == 0, "Automatic NUMA balancing is off: it moves no pages.");
  say(note, "numa_balancing_on", balancing > 0,
      fmt::format("Automatic NUMA balancing is on: pages of unbound memory move to {}, others stay.",
                  balancing >= tiering ? "faster nodes when they are used much" : "the nodes that read them"),
      "To keep pages where they were touched first: sysctl kernel.numa_balancing=0");
  say(warning, "demotion_on", f.setting("demotion_enabled") == true,
      "When nodes fill up, the kernel may demote their pages to slower nodes, hard-bound ones too.",
      "echo false > /sys/kernel/mm/numa/demotion_enabled");
  if (f.setting("max_map_count").is_number()) {
    const auto most = f.setting("max_map_count").get<std::uint64_t>();
    const auto ranges = [](std::uint64_t mappings) { return mappings / 4 * 3; };
    say(warning, "few_mappings", most < usual,
        fmt::format(
            "A process may have {} mappings: soft and lazy placements by chunks get {} ranges, not {}.", most,
            ranges(most), ranges(usual)),
        "sysctl vm.max_map_count=65530, or larger chunks (such as `interleave all by 2MiB`).");
    say(ok, "mappings", most >= usual,
        fmt::format("A process may have {} mappings: soft and lazy placements by chunks get {} ranges.", most,
                    ranges(most)));
  }
  say(note, "strict_overcommit", f.setting("overcommit_memory") == 2,
      "Memory counts when it is mapped (vm.overcommit_memory=2): large lazy areas may be refused.",
      "Map what is needed, or sysctl vm.overcommit_memory=0");
  say(note, "zone_reclaim", f.setting("zone_reclaim_mode") > 0,
      "Full nodes drop their caches before soft memory spills to others (vm.zone_reclaim_mode).",
      "If that makes touching slow: sysctl vm.zone_reclaim_mode=0");
}

}  // namespace

void judge_memory(const doctor_facts& facts, judgement& say) {
  for (const auto part :
       {judge_room, judge_shm, judge_transparent, judge_reserved, judge_files, judge_settings})
    part(facts, say);
}

}  // namespace acre_cli
