// How much room there is: nodes, control group, /dev/shm.
#include "cli/acre/doctor/findings.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

namespace acre_cli {
namespace {

using acre::format_bytes_rounded;

constexpr std::uint64_t scarce_part = 20;  // less than a twentieth, 5 %

bool is_scarce(std::uint64_t free, std::uint64_t of) { return free < of / scarce_part; }

void judge_node(const node_facts& node, std::vector<finding>& findings) {
  if (!node.capacity || node.capacity == 0U || !node.allowed || !node.free) return;
  if (!is_scarce(*node.free, *node.capacity)) return;
  const std::string amount =
      fmt::format("Node {} has {} free of {}", node.node, format_bytes_rounded(*node.free),
                  format_bytes_rounded(*node.capacity));
  if (is_scarce(*node.free + node.reclaimable.value_or(0), *node.capacity)) {
    findings.push_back({"little_memory", finding_level::warning,
                        amount + " and little to reclaim: hard placements there may end in the OOM killer.",
                        "Use other nodes, soft placements, or areas with eager commit, which fail instead."});
  } else {
    findings.push_back({"cached_memory", finding_level::warning,
                        amount + "; caches hold the rest: soft placements may spill to other nodes.",
                        "Use hard placements, which make the kernel drop caches, or drop them before "
                        "(echo 1 > /proc/sys/vm/drop_caches)."});
  }
}

void judge_limit(const doctor_facts& facts, std::vector<finding>& findings) {
  if (!facts.group_is_seen) {
    findings.push_back({"memory_limit_unknown", finding_level::warning,
                        "Whether a control group limits memory cannot be seen: eager areas cannot keep below "
                        "such a limit, and end in the OOM killer where they reach it.",
                        "Mount /proc, and the control groups at /sys/fs/cgroup."});
  }
  if (!facts.memory_limit) return;
  const memory_limit& l = *facts.memory_limit;
  std::uint64_t of_nodes = 0;
  bool known = true;
  for (const auto& node : facts.nodes) {
    if (!node.allowed) continue;
    known = known && node.capacity;
    of_nodes += node.capacity.value_or(0);
  }
  if (known && l.limit >= of_nodes) return;
  const std::uint64_t room = l.limit > l.used ? l.limit - l.used : 0;
  const std::string text =
      fmt::format("The control group limits memory to {} for all nodes together, {} of it used",
                  format_bytes_rounded(l.limit), format_bytes_rounded(l.used));
  if (is_scarce(room, l.limit)) {
    findings.push_back({"memory_limit_reached", finding_level::warning,
                        text + ": what comes next may end in the OOM killer.",
                        "Raise memory.max or memory.high of the control group (docker run --memory)."});
  } else {
    findings.push_back({"memory_limit", finding_level::note, text + ".",
                        "Free memory of nodes beyond that limit is no use to this process."});
  }
}

void judge_shm(const doctor_facts& facts, std::vector<finding>& findings) {
  constexpr std::uint64_t of_containers = std::uint64_t{64} << 20;
  const auto add = [&](const char* id, finding_level level, std::string text, std::string remedy) {
    findings.push_back({id, level, std::move(text), std::move(remedy)});
  };
  if (!facts.shm || facts.shm->size == 0) {
    add("no_shm", finding_level::warning, "There is no /dev/shm: shared segments with names cannot be made.",
        "Mount it (mount -t tmpfs tmpfs /dev/shm), or use memfd or System V segments.");
    return;
  }
  const std::string room = fmt::format("/dev/shm has {} free of {}", format_bytes_rounded(facts.shm->free),
                                       format_bytes_rounded(facts.shm->size));
  if (is_scarce(facts.shm->free, facts.shm->size))
    add("shm_full", finding_level::warning, room + ": larger shared segments cannot be made.",
        "Remove what nobody uses (acre shm), or enlarge it (mount -o remount,size=... /dev/shm).");
  else if (facts.shm->size <= of_containers)
    add("small_shm", finding_level::note, room + " for all shared segments.",
        "Enlarge it: docker run --shm-size, or mount -o remount,size=... /dev/shm.");
  else
    add("shm", finding_level::ok, room + " for shared segments.", "");
}

}  // namespace

void judge_memory(const doctor_facts& facts, std::vector<finding>& findings) {
  for (const auto& node : facts.nodes) judge_node(node, findings);
  judge_limit(facts, findings);
  judge_shm(facts, findings);
}

}  // namespace acre_cli
