#include "cli/doctor/findings.hpp"

#include <fmt/format.h>

#include <string.h>

#include <algorithm>

namespace acre_cli {
namespace {

using enum finding_level;

bool is_older(const std::string& version, const char* than) {
  return ::strverscmp(version.c_str(), than) < 0;
}

/// What docs/compatibility.md says of kernels. What was tried counts for more than the kernel's number: distributions
/// port policies back.
std::string what_the_kernel_lacks(const doctor_facts& f) {
  std::string all;
  const auto look = [&](const char* name, const char* since, const char* what) {
    const outcome tried = f.tried(name).result;
    const bool proved = tried == outcome::less || tried == outcome::unsupported;
    if (tried == outcome::works || (!proved && (f.kernel.empty() || !is_older(f.kernel, since)))) return;
    all += fmt::format("{}{} (Linux {})", all.empty() ? "" : "; ", what, since);
  };
  look("prefer_several", "5.15", "prefer of several nodes, only the first is preferred");
  look("prefer_one", "5.17", "the home node, full nodes spill to what is near the toucher");
  look("", "6.7", "exact counts of transparent huge pages");
  look("weighted_by_system", "6.9", "weighted_by_system");
  return all;
}

void judge_software(const doctor_facts& f, judgement& say) {
  const std::string kernel = f.kernel.empty() ? "The kernel" : "Linux " + f.kernel;
  const std::string lacking = what_the_kernel_lacks(f);
  // A kernel without CONFIG_NUMA: the finding on binding says all there is to say.
  const bool has_policies = std::ranges::none_of(
      f.binding, [](const auto& tried) { return tried.second.result == outcome::unsupported; });
  say(ok, "kernel", has_policies && lacking.empty(), kernel + " has every policy that acre uses.");
  say(note, "kernel", has_policies && !lacking.empty(),
      kernel + " has bind, interleave and what acre makes of them. It lacks " + lacking + ".",
      "Linux 6.9 or newer has it all; or use other placements: where acre does less than asked, it says so.");
  const bool old = !f.hwloc.empty() && is_older(f.hwloc, "2.9");
  say(warning, "hwloc", old, "hwloc " + f.hwloc + " is older than what acre is made for.",
      "Install hwloc 2.9 or newer.");
  say(ok, "hwloc", !f.hwloc.empty() && !old, "hwloc " + f.hwloc + " has what acre needs.");
  say(problem, "foreign_topology", !f.machine.is_this_system,
      "hwloc shows another machine than this one: nothing can be bound.",
      "Unset HWLOC_XMLFILE, HWLOC_SYNTHETIC, HWLOC_FSROOT and HWLOC_COMPONENTS.");
}

/// "Node 3", "Nodes 0-1".
std::string named(const acre::node_set& nodes) {
  return (nodes.size() == 1 ? "Node " : "Nodes ") + nodes.to_string();
}

void judge_nodes(const doctor_facts& f, judgement& say) {
  acre::node_set usable, forbidden, memoryless, cpuless;
  for (const auto& row : f.machine.nodes) {
    (row.capacity == 0U ? memoryless : row.allowed ? usable : forbidden).insert(row.node);
    if (row.capacity != 0U && row.cpus && row.cpus->empty()) cpuless.insert(row.node);
  }
  const auto have = [](const acre::node_set& nodes) { return nodes.size() == 1 ? " has" : " have"; };
  say(note, "forbidden_nodes", !forbidden.empty(),
      named(forbidden) + " may not be used by this process: its cpuset forbids it.",
      "If that is not meant, widen cpuset.mems (docker run --cpuset-mems, systemd AllowedMemoryNodes=).");
  say(note, "memoryless_nodes", !memoryless.empty(),
      named(memoryless) + have(memoryless) + " no memory: nothing can be placed there.",
      "Name other nodes; for threads on its CPUs acre takes the nearest nodes.");
  say(note, "cpuless_nodes", !cpuless.empty(),
      named(cpuless) + have(cpuless) + " memory and no CPUs: nothing gets there by first touch.",
      "To use such a node, name it in a placement (acre run --bind, --prefer, --interleave).");
  say(note, "one_node", usable.size() == 1,
      "Only node " + usable.to_string() + " can be used: there is nothing to choose.",
      "Nothing needs to be done. To try several nodes, boot with numa=fake=2 or in a virtual machine.");
  say(problem, "no_node", usable.empty(), "No node can be used.",
      "Look at cpuset.mems of the control group, and whether the kernel has CONFIG_NUMA.");
}

/// Of nodes where it ended alike.
void judge_binding(const doctor_facts& f, judgement& say) {
  const bool any_is_bound = std::ranges::any_of(
      f.binding, [](const auto& tried) { return tried.second.result <= outcome::elsewhere; });
  const auto ended = [&](outcome end, const char* id, const char* what, const char* remedy) {
    acre::node_set nodes;
    std::string why;
    for (const auto& [node, tried] : f.binding) {
      if (tried.result != end) continue;
      nodes.insert(node);
      why = in_brackets(tried.why);
    }
    const auto level = end == outcome::works ? ok : any_is_bound ? warning : problem;
    say(level, id, !nodes.empty(), fmt::format("{}: {}{}.", named(nodes), what, why), remedy);
  };
  ended(outcome::works, "binding", "pages bound there lie there", "");
  ended(
      outcome::denied, "binding_denied",
      f.setting("seccomp") == 2 ? "the kernel refuses to bind memory, a seccomp filter is in force"
                                : "the kernel refuses to bind memory",
      "In a container, start it with `docker run --cap-add=SYS_NICE`, or with a seccomp profile that allows "
      "mbind, set_mempolicy, get_mempolicy and set_mempolicy_home_node.");
  ended(outcome::unsupported, "binding_unsupported", "the kernel cannot bind memory",
        "Use a kernel with CONFIG_NUMA.");
  ended(outcome::failed, "binding_failed", "binding memory failed",
        "In brackets is what the system said; `strace -e trace=%memory acre doctor` shows of what.");
  ended(outcome::elsewhere, "node_full",
        "memory can be bound, and pages lie on another node: there is no room",
        "Free memory there, or use other nodes. Touching hard-bound memory now ends in the OOM killer.");
}

void judge_calls(const doctor_facts& f, judgement& say) {
  const auto tried = [&](const char* name, const char* id, const char* works_so, const char* fails_so,
                         const char* remedy) {
    const trial t = f.tried(name);
    say(ok, id, t.result == outcome::works, works_so);
    say(warning, id, t.fell_short(), fails_so + in_brackets(t.why) + ".", remedy);
  };
  tried("interleave", "interleaving", "Memory can be interleaved by page.",
        "Memory cannot be interleaved by page, as `acre run --interleave` does",
        "Interleave by chunks, which need no more than bind: acre shm create NAME SIZE interleave by 2MiB");
  tried("thread_binding", "thread_binding", "Threads can be bound, and programs by `acre run`.",
        "Threads cannot be bound: neither thread_binding nor `acre run` work",
        "In a container, allow set_mempolicy and get_mempolicy (docker run --cap-add=SYS_NICE).");
  tried(
      "locate", "locating", "The kernel tells where pages lie.",
      "The kernel does not tell where pages lie, or by mapping only: `acre shm show`, locate and check fail",
      "In a container, allow get_mempolicy (docker run --cap-add=SYS_NICE), or better move_pages, which "
      "Docker's own profile refuses whatever the capabilities (docker run --security-opt seccomp=FILE, with "
      "{\"names\": [\"move_pages\"], \"action\": \"SCMP_ACT_ALLOW\"} among its \"syscalls\").");
  tried("migrate", "migrating", "Pages can be moved.",
        "Pages cannot be moved: neither migrate nor `acre shm bind --migrate` work",
        "In a container, allow mbind (docker run --cap-add=SYS_NICE) and move_pages (as for `locating`).");
  tried("move_process", "moving_processes", "Pages of processes can be moved by `acre move`.",
        "Pages of processes cannot be moved: neither move_process nor `acre move` work",
        "In a container, allow migrate_pages in the seccomp profile.");
}

}  // namespace

std::string in_brackets(const std::string& why) { return why.empty() ? "" : " (" + why + ")"; }

std::vector<finding> judge(const doctor_facts& f) {
  judgement say;
  for (const auto part : {judge_software, judge_nodes, judge_binding, judge_calls, judge_memory})
    part(f, say);
  return std::move(say.found);
}

bool is_usable(const std::vector<finding>& findings) noexcept {
  return std::ranges::none_of(findings, [](const finding& f) { return f.level == finding_level::problem; });
}

}  // namespace acre_cli
