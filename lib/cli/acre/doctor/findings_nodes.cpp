// Which nodes there are, and what became of a page bound to each.
#include "cli/acre/doctor/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace acre_cli {
namespace {

template <class Predicate>
acre::node_set nodes_that(const doctor_facts& facts, Predicate predicate) {
  acre::node_set found;
  for (const auto& node : facts.nodes)
    if (predicate(node)) found.insert(node.node);
  return found;
}

std::string_view have(const acre::node_set& nodes) { return nodes.size() == 1 ? "has" : "have"; }

/// "Node 3", "Nodes 0-1".
std::string named(const acre::node_set& nodes) {
  return fmt::format("{} {}", nodes.size() == 1 ? "Node" : "Nodes", nodes.to_string());
}

void judge_choice(const doctor_facts& facts, std::vector<finding>& findings) {
  const auto add = [&](const char* id, std::string text, std::string remedy) {
    findings.push_back({id, finding_level::note, std::move(text), std::move(remedy)});
  };
  const auto forbidden =
      nodes_that(facts, [](const node_facts& n) { return n.capacity != 0U && !n.allowed; });
  if (!forbidden.empty()) {
    add("forbidden_nodes", named(forbidden) + " may not be used by this process: its cpuset forbids it.",
        "If that is not meant, widen cpuset.mems of the control group (docker run --cpuset-mems, systemd "
        "AllowedMemoryNodes=).");
  }
  const auto without_memory =
      nodes_that(facts, [](const node_facts& n) { return n.capacity == std::uint64_t{0}; });
  if (!without_memory.empty()) {
    add("memoryless_nodes",
        fmt::format("{} {} no memory: nothing can be placed there.", named(without_memory),
                    have(without_memory)),
        "Name other nodes; for threads on its CPUs acre takes the nearest nodes.");
  }
  const auto without_cpus =
      nodes_that(facts, [](const node_facts& n) { return n.capacity != 0U && n.cpus == std::size_t{0}; });
  if (!without_cpus.empty()) {
    add("cpuless_nodes",
        fmt::format("{} {} memory and no CPUs: nothing gets there by first touch.", named(without_cpus),
                    have(without_cpus)),
        "To use such a node, name it in a placement.");
  }
  const auto usable = nodes_that(facts, [](const node_facts& n) { return n.capacity != 0U && n.allowed; });
  if (usable.size() == 1) {
    add("one_node", fmt::format("Only node {} can be used: there is nothing to choose.", usable.to_string()),
        "Nothing needs to be done. To try acre with several nodes, boot with numa=fake=2 or use a virtual "
        "machine.");
  }
  if (usable.empty()) {
    findings.push_back({"no_node", finding_level::problem, "No node can be used.",
                        "Look at cpuset.mems of the control group, and whether the kernel has CONFIG_NUMA."});
  }
}

struct verdict {
  std::string id;
  finding_level level;
  std::string what;
  std::string remedy;
};

verdict verdict_on(outcome result, std::optional<std::uint64_t> seccomp) {
  constexpr finding_level warning = finding_level::warning;
  switch (result) {
    case outcome::works:
    case outcome::less:
      return {"binding", finding_level::ok, "pages bound there lie there", ""};
    case outcome::unseen:
      return {"binding_unseen", warning,
              "memory can be bound, and the kernel does not tell where its pages lie",
              "Allow move_pages or get_mempolicy in the container's seccomp profile; see the finding "
              "`locating`."};
    case outcome::elsewhere:
      return {
          "node_full", warning, "memory can be bound, and pages lie on another node: there is no room",
          "Free memory there, or use other nodes. Touching hard-bound memory now ends in the OOM killer."};
    case outcome::denied:
      return {"binding_denied", warning,
              std::string("the kernel refuses to bind memory") +
                  (seccomp.value_or(0) == 2 ? ", a seccomp filter is in force" : ""),
              "In a container, start it with `docker run --cap-add=SYS_NICE`, or with a seccomp profile that "
              "allows mbind, set_mempolicy, get_mempolicy and set_mempolicy_home_node."};
    case outcome::unsupported:
      return {"binding_unsupported", warning, "the kernel cannot bind memory",
              "Use a kernel with CONFIG_NUMA."};
    case outcome::failed:
      break;
  }
  return {"binding_failed", warning, "binding memory failed", "See what the system said."};
}

/// Whether memory got its policy, wherever its pages lie.
bool is_bound(const node_facts& node) {
  if (!node.binding) return false;
  switch (node.binding->result) {
    case outcome::works:
    case outcome::less:
    case outcome::elsewhere:
    case outcome::unseen:
      return true;
    default:
      return false;
  }
}

void judge_binding(const doctor_facts& facts, std::vector<finding>& findings) {
  struct same_end {
    acre::node_set nodes;
    outcome result;
    std::string why;
  };
  std::map<std::string, same_end> ends;
  for (const auto& node : facts.nodes) {
    if (!node.binding) continue;
    const outcome result = node.binding->result;
    auto& end = ends[verdict_on(result, facts.seccomp).id];
    end.nodes.insert(node.node);
    end.result = result;
    end.why = node.binding->why;
  }
  const bool any = std::ranges::any_of(facts.nodes, is_bound);
  for (const auto& [id, end] : ends) {
    verdict v = verdict_on(end.result, facts.seccomp);
    if (!any) v.level = finding_level::problem;
    const std::string why = end.why.empty() || v.level == finding_level::ok ? "" : " (" + end.why + ")";
    findings.push_back({id, v.level, fmt::format("{}: {}{}.", named(end.nodes), v.what, why), v.remedy});
  }
}

}  // namespace

void judge_nodes(const doctor_facts& facts, std::vector<finding>& findings) {
  judge_choice(facts, findings);
  judge_binding(facts, findings);
}

}  // namespace acre_cli
