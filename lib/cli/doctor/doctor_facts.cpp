#include "cli/doctor/doctor_facts.hpp"

#include <acre/apply.hpp>
#include <acre/error.hpp>
#include <acre/hwloc_version.hpp>
#include <acre/locate.hpp>
#include <acre/mapping.hpp>
#include <acre/migrate.hpp>
#include <acre/move_process.hpp>
#include <acre/placement.hpp>
#include <acre/thread_binding.hpp>

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace acre_cli {
namespace {

using acre::placement;

outcome outcome_of(const std::error_code& code) {
  if (code == acre::errc::binding_denied || code == acre::errc::permission_denied ||
      code == std::errc::operation_not_permitted || code == std::errc::permission_denied)
    return outcome::denied;
  if (code == acre::errc::binding_unsupported || code == acre::errc::unsupported_placement ||
      code == std::errc::function_not_supported)
    return outcome::unsupported;
  return outcome::failed;
}

template <class Attempt>
trial tried(Attempt attempt) {
  try {
    return attempt();
  } catch (const acre::error& e) {
    return {outcome_of(e.code()), e.what()};
  } catch (const std::exception& e) {
    return {outcome::failed, e.what()};
  }
}

/// Pages on which nothing was tried before, on this machine.
class scratch_pages {
 public:
  explicit scratch_pages(const acre::topology& machine)
      : x_machine(machine), x_pages(4 * acre::page_size(acre::page_kind::system)) {}

  std::vector<acre::downgrade> apply(const placement& where) {
    return acre::apply(x_pages.data(), x_pages.size(), where, x_machine);
  }
  void touch() {
    auto* const bytes = static_cast<volatile char*>(x_pages.data());
    for (std::size_t i = 0; i < x_pages.size(); ++i) bytes[i] = 1;
  }
  acre::residency locate() const { return acre::locate(x_pages.data(), x_pages.size()); }
  acre::migration migrate(const placement& where) {
    return acre::migrate(x_pages.data(), x_pages.size(), where, x_machine);
  }

 private:
  const acre::topology& x_machine;
  acre::mapping x_pages;
};

/// Binds memory hard to `node`, then lets pages come into existence there. Never ends in the OOM killer: they are touched
/// under a soft policy.
trial try_binding(acre::node_id node, const acre::topology& machine) {
  return tried([&]() -> trial {
    scratch_pages pages(machine);
    pages.apply(placement::bind({node}));
    pages.apply(placement::prefer({node}));
    pages.touch();
    acre::residency where;
    const trial seen = tried([&]() -> trial {
      where = pages.locate();
      return {};
    });
    if (seen.result != outcome::works) return {outcome::unseen, seen.why};
    if (where.on(node) == where.pages) return {};
    return {outcome::elsewhere, where.to_string()};
  });
}

trial try_policy(const placement& where, const acre::topology& machine) {
  return tried([&]() -> trial {
    const auto downgrades = scratch_pages(machine).apply(where);
    if (downgrades.empty()) return {};
    return {outcome::less, downgrades.front().text};
  });
}

trial try_locating(const acre::topology& machine) {
  return tried([&]() -> trial {
    scratch_pages pages(machine);
    pages.touch();
    const acre::residency where = pages.locate();
    if (where.per_mapping)
      return {outcome::less,
              "move_pages(2) and get_mempolicy(2) are refused, and told is what each mapping has"};
    if (where.resident() == where.pages) return {};
    return {outcome::failed,
            fmt::format("of {} touched pages only {} were found", where.pages, where.resident())};
  });
}

trial try_migrating(acre::node_id from, acre::node_id to, const acre::topology& machine) {
  return tried([&]() -> trial {
    scratch_pages pages(machine);
    pages.apply(placement::prefer({from}));
    pages.touch();
    const auto done = pages.migrate(placement::prefer({to}));
    if (done.failed() == 0) return {};
    return {outcome::less, done.to_string()};
  });
}

trial try_thread(acre::node_id node, const acre::topology& machine) {
  return tried([&]() -> trial {
    acre::thread_binding binding(placement::prefer({node}), machine);
    if (const auto code = binding.restore()) return {outcome::failed, code.message()};
    return {};
  });
}

/// With this very process.
trial try_moving_processes(acre::node_id from, acre::node_id to) {
  return tried([&]() -> trial {
    acre::move_process(0, {from}, {to});
    return {};
  });
}

/// The attempts that concern no single node.
void try_the_rest(doctor_facts& facts, const acre::node_set& nodes, const acre::topology& machine) {
  const acre::node_id first = nodes.first();
  const acre::node_id second = nodes.size() > 1 ? *std::next(nodes.begin()) : first;
  facts.home_node = try_policy(placement::prefer({first}), machine);
  if (first != second) {
    facts.prefer_many = try_policy(placement::prefer({first, second}), machine);
    // Over one node it would be another policy.
    facts.interleave = try_policy(placement::interleave(nodes), machine);
    facts.moving_processes = try_moving_processes(first, second);
  }
  facts.weighted_interleave = try_policy(placement::weighted_by_system(nodes), machine);
  facts.thread_binding = try_thread(first, machine);
  facts.locating = try_locating(machine);
  // With one node, to where the pages lie.
  facts.migrating = try_migrating(first, second, machine);
}

std::vector<node_facts> nodes_of(const acre::topology& machine, const acre::system_files& files) {
  const bool cpus_are_known =
      std::ranges::any_of(machine.nodes(), [&](acre::node_id node) { return !machine.cpus(node).empty(); });
  std::vector<node_facts> nodes;
  for (const auto node : machine.nodes()) {
    node_facts facts;
    facts.node = node;
    facts.capacity = machine.capacity(node);
    if (const auto memory = machine.memory(node)) {
      facts.free = memory->free;
      facts.reclaimable = memory->reclaimable;
    }
    if (cpus_are_known) facts.cpus = machine.cpus(node).size();
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

void read_settings(doctor_facts& facts, const acre::system_files& files) {
  const auto of_thp = [&](const char* name) {
    return files.chosen(fmt::format("/sys/kernel/mm/transparent_hugepage/{}", name));
  };
  facts.seccomp = files.field("/proc/self/status", "Seccomp");
  facts.numa_balancing = files.number("/proc/sys/kernel/numa_balancing");
  if (const auto demotion = files.line("/sys/kernel/mm/numa/demotion_enabled"))
    facts.demotion = *demotion == "true" || *demotion == "1";
  facts.thp_enabled = of_thp("enabled");
  facts.thp_defrag = of_thp("defrag");
  facts.thp_shmem = of_thp("shmem_enabled");
  facts.max_map_count = files.number("/proc/sys/vm/max_map_count");
  facts.overcommit = files.number("/proc/sys/vm/overcommit_memory");
  facts.zone_reclaim = files.number("/proc/sys/vm/zone_reclaim_mode");
  facts.memory_limit = files.memory_limit_of_self();
  facts.group_is_seen = files.shows_group_of_self();
  facts.has_proc = files.has("/proc/self/maps");
  facts.has_sys = files.has("/sys/kernel/mm");
}

}  // namespace

doctor_facts collect_facts(const acre::topology& machine, const acre::system_files& files) {
  doctor_facts facts;
  if (utsname name{}; ::uname(&name) == 0) facts.kernel = name.release;
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
