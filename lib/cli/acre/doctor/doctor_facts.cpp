#include "cli/acre/doctor/doctor_facts.hpp"

#include "cli/acre/doctor/doctor_trials.hpp"

#include <acre/hwloc_version.hpp>

#include <sys/utsname.h>

#include <charconv>
#include <filesystem>

namespace acre_cli {
namespace {

std::string kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? name.release : "";
}

/// Some node has the CPU this runs on.
bool cpus_are_known(const acre::topology& machine) {
  for (const auto node : machine.nodes())
    if (!machine.cpus(node).empty()) return true;
  return false;
}

std::vector<node_facts> nodes_of(const acre::topology& machine, const system_files& files) {
  std::vector<node_facts> nodes;
  for (const auto node : machine.nodes()) {
    const auto memory = machine.memory(node);
    node_facts facts;
    facts.node = node;
    facts.capacity = machine.capacity(node);
    if (memory) {
      facts.free = memory->free;
      facts.reclaimable = memory->reclaimable;
    }
    if (cpus_are_known(machine)) facts.cpus = machine.cpus(node).size();
    facts.allowed = machine.allowed_nodes().contains(node);
    facts.huge_pages = files.huge_pools_of(node);
    if (facts.allowed && machine.is_this_system()) facts.binding = try_binding(node, machine);
    nodes.push_back(std::move(facts));
  }
  return nodes;
}

std::optional<shm_facts> shm() {
  std::error_code ec;
  if (!std::filesystem::is_directory("/dev/shm", ec)) return std::nullopt;
  const auto space = std::filesystem::space("/dev/shm", ec);
  if (ec) return std::nullopt;
  return shm_facts{space.capacity, space.available};
}

void read_settings(doctor_facts& facts, const system_files& files) {
  const std::string_view thp = "/sys/kernel/mm/transparent_hugepage/";
  const auto of_thp = [&](std::string_view name) { return files.chosen(std::string(thp).append(name)); };
  facts.seccomp = files.field("/proc/self/status", "Seccomp");
  facts.numa_balancing = files.number("/proc/sys/kernel/numa_balancing");
  if (const auto demotion = files.line("/sys/kernel/mm/numa/demotion_enabled"))
    facts.demotion = *demotion == "true" || *demotion == "1";
  facts.thp_enabled = of_thp("enabled");
  facts.thp_defrag = of_thp("defrag");
  facts.thp_shmem = of_thp("shmem_enabled");
  facts.max_map_count = files.number("/proc/sys/vm/max_map_count");
  facts.mappings = files.count_lines("/proc/self/maps");
  facts.overcommit = files.number("/proc/sys/vm/overcommit_memory");
  facts.zone_reclaim = files.number("/proc/sys/vm/zone_reclaim_mode");
  facts.memory_limit = files.memory_limit_of_self();
  facts.group_is_seen = files.shows_group_of_self();
  facts.has_proc = files.has("/proc/self/maps");
  facts.has_sys = files.has("/sys/kernel/mm");
}

}  // namespace

std::string_view to_string(outcome o) noexcept {
  switch (o) {
    case outcome::works:
      return "works";
    case outcome::less:
      return "less";
    case outcome::elsewhere:
      return "elsewhere";
    case outcome::unseen:
      return "unseen";
    case outcome::denied:
      return "denied";
    case outcome::unsupported:
      return "unsupported";
    case outcome::failed:
      return "failed";
  }
  return "unknown";
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

doctor_facts collect_facts(const acre::topology& machine, const system_files& files) {
  doctor_facts facts;
  facts.kernel = kernel_release();
  facts.hwloc = acre::hwloc_version();
  facts.foreign_topology = !machine.is_this_system();
  facts.nodes = nodes_of(machine, files);
  if (machine.is_this_system() && !machine.allowed_nodes().empty())
    try_the_rest(facts, machine.allowed_nodes(), machine);
  read_settings(facts, files);
  facts.shm = shm();
  return facts;
}

}  // namespace acre_cli
