// What kernel and hwloc have, as docs/compatibility.md tells it. What was tried counts for more than the kernel's number:
// distributions port policies back.
#include "cli/acre/doctor/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace acre_cli {
namespace {

constexpr short_version pagemap_scan = {6, 7};
constexpr short_version weighted = {6, 9};
constexpr short_version home_node = {5, 17};
constexpr short_version prefer_many = {5, 15};

enum class presence { unknown, there, lacking };

presence of(const std::optional<trial>& tried, const std::optional<short_version>& kernel,
            short_version since) {
  if (tried && tried->result == outcome::works) return presence::there;
  if (tried && (tried->result == outcome::less || tried->result == outcome::unsupported))
    return presence::lacking;
  if (!kernel) return presence::unknown;
  return *kernel >= since ? presence::there : presence::lacking;
}

/// A kernel without CONFIG_NUMA: the finding on binding says all there is to say.
bool has_no_policies(const doctor_facts& facts) {
  return std::ranges::any_of(facts.nodes, [](const node_facts& n) {
    return n.binding && n.binding->result == outcome::unsupported;
  });
}

void judge_kernel(const doctor_facts& facts, std::vector<finding>& findings) {
  if (has_no_policies(facts)) return;
  const auto version = parse_version(facts.kernel);
  std::string lacks;
  short_version wanted;
  const auto require = [&](const std::optional<trial>& tried, short_version since, std::string_view what) {
    if (of(tried, version, since) != presence::lacking) return;
    lacks += fmt::format("{}{} (Linux {}.{})", lacks.empty() ? "" : "; ", what, since.major, since.minor);
    if (!version || *version < since) wanted = std::max(wanted, since);
  };
  require(facts.prefer_many, prefer_many, "prefer of several nodes, only the first is preferred");
  require(facts.home_node, home_node, "the home node, full nodes spill to what is near the toucher");
  require(std::nullopt, pagemap_scan, "exact counts of transparent huge pages");
  require(facts.weighted_interleave, weighted, "weighted_by_system");
  const std::string name = facts.kernel.empty() ? "The kernel" : "Linux " + facts.kernel;
  if (lacks.empty()) {
    findings.push_back({"kernel", finding_level::ok, name + " has every policy that acre uses.", ""});
    return;
  }
  findings.push_back(
      {"kernel", finding_level::note,
       fmt::format("{} has bind, interleave and what acre makes of them. It lacks {}.", name, lacks),
       wanted == short_version{}
           ? "This kernel was made without them: avoid them or read the downgrades."
           : fmt::format(
                 "Linux {}.{} or newer has all of it; without it, avoid these or read the downgrades.",
                 wanted.major, wanted.minor)});
}

void judge_hwloc(const doctor_facts& facts, std::vector<finding>& findings) {
  const auto version = parse_version(facts.hwloc);
  if (!version) return;
  if (*version < short_version{2, 9}) {
    findings.push_back({"hwloc", finding_level::warning,
                        fmt::format("hwloc {} is older than what acre is made for.", facts.hwloc),
                        "Install hwloc 2.9 or newer."});
    return;
  }
  const bool weights = *version >= short_version{2, 11};
  findings.push_back(
      {"hwloc", finding_level::ok,
       fmt::format("hwloc {} has what acre needs{}.", facts.hwloc,
                   weights ? ""
                           : "; it lacks weighted interleave (hwloc 2.11), for which acre asks "
                             "the kernel itself"),
       ""});
}

}  // namespace

void judge_software(const doctor_facts& facts, std::vector<finding>& findings) {
  judge_kernel(facts, findings);
  judge_hwloc(facts, findings);
  if (facts.foreign_topology) {
    findings.push_back({"foreign_topology", finding_level::problem,
                        "hwloc shows another machine than this one: nothing can be bound.",
                        "Unset HWLOC_XMLFILE, HWLOC_SYNTHETIC, HWLOC_FSROOT and HWLOC_COMPONENTS."});
  }
}

}  // namespace acre_cli
