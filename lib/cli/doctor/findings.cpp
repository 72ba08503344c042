#include "cli/doctor/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace acre_cli {
namespace {

using enum finding_level;

std::string in_brackets(const std::string& why) { return why.empty() ? "" : " (" + why + ")"; }

bool works(const std::optional<trial>& tried) { return tried && tried->result == outcome::works; }

/// A kernel without CONFIG_NUMA: the finding on binding says all there is to say.
bool has_no_policies(const doctor_facts& f) {
  return std::ranges::any_of(
      f.nodes, [](const auto& n) { return n.binding && n.binding->result == outcome::unsupported; });
}

/// What docs/compatibility.md says of kernels. What was tried counts for more than the kernel's number: distributions
/// port policies back.
std::string what_the_kernel_lacks(const doctor_facts& f) {
  std::string all;
  const auto look = [&](const std::optional<trial>& tried, short_version since, std::string_view what) {
    const auto kernel = parse_version(f.kernel);
    const bool proved = tried && (tried->result == outcome::less || tried->result == outcome::unsupported);
    if (works(tried) || (!proved && (!kernel || *kernel >= since))) return;
    all += fmt::format("{}{} (Linux {}.{})", all.empty() ? "" : "; ", what, since.major, since.minor);
  };
  look(f.prefer_many, {5, 15}, "prefer of several nodes, only the first is preferred");
  look(f.home_node, {5, 17}, "the home node, full nodes spill to what is near the toucher");
  look(std::nullopt, {6, 7}, "exact counts of transparent huge pages");
  look(f.weighted_interleave, {6, 9}, "weighted_by_system");
  return all;
}

void judge_software(const doctor_facts& f, judgement& say) {
  const std::string kernel = f.kernel.empty() ? "The kernel" : "Linux " + f.kernel;
  const std::string lacking = what_the_kernel_lacks(f);
  if (!has_no_policies(f)) {
    say(ok, "kernel", lacking.empty(), kernel + " has every policy that acre uses.");
    say(note, "kernel", !lacking.empty(),
        kernel + " has bind, interleave and what acre makes of them. It lacks " + lacking + ".",
        "Linux 6.9 or newer has all of it, unless it was made without; else avoid these or read the "
        "downgrades.");
  }
  if (const auto hwloc = parse_version(f.hwloc)) {
    const bool old = *hwloc < short_version{2, 9};
    const bool complete = *hwloc >= short_version{2, 11};
    say(warning, "hwloc", old, "hwloc " + f.hwloc + " is older than what acre is made for.",
        "Install hwloc 2.9 or newer.");
    say(ok, "hwloc", !old,
        "hwloc " + f.hwloc + " has what acre needs" +
            (complete
                 ? "."
                 : "; it lacks weighted interleave (hwloc 2.11), for which acre asks the kernel itself."));
  }
  say(problem, "foreign_topology", f.foreign_topology,
      "hwloc shows another machine than this one: nothing can be bound.",
      "Unset HWLOC_XMLFILE, HWLOC_SYNTHETIC, HWLOC_FSROOT and HWLOC_COMPONENTS.");
}

template <class Predicate>
acre::node_set nodes_that(const doctor_facts& f, Predicate predicate) {
  acre::node_set found;
  for (const auto& node : f.nodes)
    if (predicate(node)) found.insert(node.node);
  return found;
}

/// "Node 3", "Nodes 0-1".
std::string named(const acre::node_set& nodes) {
  return fmt::format("{} {}", nodes.size() == 1 ? "Node" : "Nodes", nodes.to_string());
}
std::string named_have(const acre::node_set& nodes) {
  return named(nodes) + (nodes.size() == 1 ? " has" : " have");
}

void judge_nodes(const doctor_facts& f, judgement& say) {
  const auto usable = nodes_that(f, [](const auto& n) { return n.capacity != 0U && n.allowed; });
  const auto forbidden = nodes_that(f, [](const auto& n) { return n.capacity != 0U && !n.allowed; });
  const auto memoryless = nodes_that(f, [](const auto& n) { return n.capacity == 0U; });
  const auto cpuless = nodes_that(f, [](const auto& n) { return n.capacity != 0U && n.cpus == 0U; });
  say(note, "forbidden_nodes", !forbidden.empty(),
      named(forbidden) + " may not be used by this process: its cpuset forbids it.",
      "If that is not meant, widen cpuset.mems of the control group (docker run --cpuset-mems, systemd "
      "AllowedMemoryNodes=).");
  say(note, "memoryless_nodes", !memoryless.empty(),
      named_have(memoryless) + " no memory: nothing can be placed there.",
      "Name other nodes; for threads on its CPUs acre takes the nearest nodes.");
  say(note, "cpuless_nodes", !cpuless.empty(),
      named_have(cpuless) + " memory and no CPUs: nothing gets there by first touch.",
      "To use such a node, name it in a placement (acre run --bind, --prefer, --interleave).");
  say(note, "one_node", usable.size() == 1,
      "Only node " + usable.to_string() + " can be used: there is nothing to choose.",
      "Nothing needs to be done. To try acre with several nodes, boot with numa=fake=2 or use a virtual "
      "machine.");
  say(problem, "no_node", usable.empty(), "No node can be used.",
      "Look at cpuset.mems of the control group, and whether the kernel has CONFIG_NUMA.");
}

/// Whether memory got its policy, wherever its pages lie.
bool is_bound(outcome o) {
  switch (o) {
    case outcome::works:
    case outcome::less:
    case outcome::elsewhere:
    case outcome::unseen:
      return true;
    case outcome::denied:
    case outcome::unsupported:
    case outcome::failed:
      break;
  }
  return false;
}

/// Of nodes where it ended alike.
void judge_binding(const doctor_facts& f, judgement& say) {
  const bool any =
      std::ranges::any_of(f.nodes, [](const auto& n) { return n.binding && is_bound(n.binding->result); });
  const auto ended = [&](outcome end, const char* id, std::string what, const char* remedy) {
    std::string why;
    const auto nodes = nodes_that(f, [&](const node_facts& n) {
      if (!n.binding || n.binding->result != end) return false;
      why = in_brackets(n.binding->why);
      return true;
    });
    const auto level = end == outcome::works ? finding_level::ok
                       : any                 ? finding_level::warning
                                             : finding_level::problem;
    say(level, id, !nodes.empty(), fmt::format("{}: {}{}.", named(nodes), what, why), remedy);
  };
  ended(outcome::works, "binding", "pages bound there lie there", "");
  ended(
      outcome::denied, "binding_denied",
      std::string("the kernel refuses to bind memory") +
          (f.seccomp == 2U ? ", a seccomp filter is in force" : ""),
      "In a container, start it with `docker run --cap-add=SYS_NICE`, or with a seccomp profile that allows "
      "mbind, set_mempolicy, get_mempolicy and set_mempolicy_home_node.");
  ended(outcome::unsupported, "binding_unsupported", "the kernel cannot bind memory",
        "Use a kernel with CONFIG_NUMA.");
  ended(outcome::failed, "binding_failed", "binding memory failed", "See what the system said.");
  ended(outcome::unseen, "binding_unseen",
        "memory can be bound, and the kernel does not tell where its pages lie",
        "Allow move_pages or get_mempolicy in the container's seccomp profile; see the finding `locating`.");
  ended(outcome::elsewhere, "node_full",
        "memory can be bound, and pages lie on another node: there is no room",
        "Free memory there, or use other nodes. Touching hard-bound memory now ends in the OOM killer.");
}

void judge_calls(const doctor_facts& f, judgement& say) {
  const auto tried = [&](const std::optional<trial>& t, const char* id, const char* works_so,
                         const std::string& fails_so, const char* remedy) {
    say(ok, id, works(t), works_so);
    say(warning, id, t && !works(t), fails_so + (t ? in_brackets(t->why) : "") + ".", remedy);
  };
  tried(f.interleave, "interleaving", "Memory can be interleaved by page.",
        "Memory cannot be interleaved by page",
        "Interleave by chunks, as `acre shm create NAME SIZE interleave all by 2MiB` does: they need no more "
        "than bind. `acre run` cannot.");
  tried(f.thread_binding, "thread_binding", "Threads can be bound, and programs by `acre run`.",
        "Threads cannot be bound: neither thread_binding nor `acre run` work",
        "In a container, allow set_mempolicy and get_mempolicy (docker run --cap-add=SYS_NICE).");
  tried(f.locating, "locating", "The kernel tells where pages lie.",
        "The kernel does not tell where pages lie: locate, check and `acre shm show` do not work, or by "
        "mapping "
        "only",
        "In a container, allow get_mempolicy (docker run --cap-add=SYS_NICE), or better move_pages, in the "
        "seccomp profile: Docker's default profile refuses that whatever the capabilities (docker run "
        "--security-opt seccomp=FILE, where FILE has {\"names\": [\"move_pages\"], \"action\": "
        "\"SCMP_ACT_ALLOW\"} among its \"syscalls\").");
  tried(
      f.migrating, "migrating", "Pages can be moved.",
      "Pages cannot be moved: neither migrate nor `acre shm bind --migrate` work",
      "In a container, allow mbind (docker run --cap-add=SYS_NICE) and move_pages (docker run --security-opt "
      "seccomp=FILE) in the seccomp profile.");
  tried(f.moving_processes, "moving_processes", "Pages of processes can be moved by `acre move`.",
        "Pages of processes cannot be moved: neither move_process nor `acre move` work",
        "In a container, allow migrate_pages in the seccomp profile.");
}

}  // namespace

std::vector<finding> judge(const doctor_facts& f) {
  judgement say;
  judge_software(f, say);
  judge_nodes(f, say);
  judge_binding(f, say);
  judge_calls(f, say);
  judge_memory(f, say);
  return std::move(say.found);
}

bool is_usable(const std::vector<finding>& findings) noexcept {
  return std::ranges::none_of(findings, [](const finding& f) { return f.level == finding_level::problem; });
}

std::optional<short_version> parse_version(std::string_view text) {
  short_version version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc{}) return std::nullopt;
  return version;
}

}  // namespace acre_cli
