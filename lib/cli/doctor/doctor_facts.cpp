#include "cli/doctor/doctor_facts.hpp"

#include "cli/json_values.hpp"
#include "process/process_files.hpp"

#include <acre/acre.hpp>

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <iterator>
#include <random>
#include <system_error>
#include <utility>

namespace acre_cli {
namespace {

using acre::placement;

outcome outcome_of(const std::error_code& code) {
  if (code == acre::errc::no_space) return outcome::less;
  if (code == std::errc::operation_not_permitted || code == std::errc::permission_denied)
    return outcome::denied;
  if (code == std::errc::function_not_supported || code == std::errc::operation_not_supported)
    return outcome::unsupported;
  return outcome::failed;
}

trial tried(const std::function<trial()>& attempt) {
  try {
    return attempt();
  } catch (const acre::failure& f) {
    return {outcome_of(f.code()), f.what()};
  } catch (const std::exception& e) {
    return {outcome::failed, e.what()};
  }
}

/// Pages on which nothing was tried before.
acre::mapping scratch_pages() { return acre::mapping(4 * acre::page_size(acre::page_kind::system)); }

/// Pages come into existence on the node, if it has room: the policy is soft, so that the OOM killer has no part in it.
void touch_near(acre::node_id node, const acre::mapping& pages, const acre::topology& machine) {
  acre::apply(pages.data(), pages.size(), placement::prefer({node}), machine);
  std::memset(pages.data(), 1, pages.size());
}

trial try_binding(acre::node_id node, const acre::topology& machine) {
  const acre::mapping pages = scratch_pages();
  acre::apply(pages.data(), pages.size(), placement::bind({node}), machine);
  touch_near(node, pages, machine);
  std::error_code refused;
  const acre::residency where = acre::locate(pages.data(), pages.size(), refused);
  if (refused) return {outcome::less, "where its pages lie is not told: " + refused.message()};
  if (where.on(node) == where.pages) return {};
  return {outcome::elsewhere, where.to_string()};
}

trial try_policy(const placement& where, const acre::topology& machine) {
  const acre::mapping pages = scratch_pages();
  const auto downgrades = acre::apply(pages.data(), pages.size(), where, machine);
  return downgrades.empty() ? trial{} : trial{outcome::less, downgrades.front().text};
}

trial try_locating() {
  const acre::mapping pages = scratch_pages();
  std::memset(pages.data(), 1, pages.size());
  const acre::residency where = acre::locate(pages.data(), pages.size());
  if (where.per_mapping)
    return {outcome::less,
            "move_pages(2) and get_mempolicy(2) are refused, and told is what each mapping has"};
  if (where.resident() == where.pages) return {};
  return {outcome::failed,
          fmt::format("of {} touched pages only {} were found", where.pages, where.resident())};
}

trial try_migrating(acre::node_id from, acre::node_id to, const acre::topology& machine) {
  const acre::mapping pages = scratch_pages();
  touch_near(from, pages, machine);
  const auto done = acre::migrate(pages.data(), pages.size(), placement::prefer({to}), machine);
  return done.failed() == 0 ? trial{} : trial{outcome::less, done.to_string()};
}

trial try_thread(acre::node_id node, const acre::topology& machine) {
  acre::thread_binding binding(placement::prefer({node}), machine);
  const auto code = binding.restore();
  return code ? trial{outcome::failed, code.message()} : trial{};
}

/// By a name that nobody has, also in other PID namespaces.
trial try_shared_segment(const acre::topology& machine) {
  const std::string name = fmt::format("acre-doctor-{}-{:08x}", ::getpid(), std::random_device{}());
  const auto segment = acre::shared_segment::create(name, 1, {}, {}, machine);
  std::filesystem::remove("/dev/shm/" + name);  // shared_segment::remove() would open it, which may fail
  return {};
}

/// What concerns no single node.
void try_calls(doctor_facts& facts, const acre::topology& machine) {
  const acre::node_set& nodes = machine.allowed_nodes();
  const bool here = machine.is_this_system() && !nodes.empty();
  const bool several = here && nodes.size() > 1;
  const acre::node_id first = here ? nodes.first() : 0;
  const acre::node_id second = several ? *std::next(nodes.begin()) : first;
  const struct {
    const char* name;
    bool makes_sense;
    std::function<trial()> attempt;
  } all[] = {
      {"prefer_one", here, [&] { return try_policy(placement::prefer({first}), machine); }},
      {"prefer_several", several,
       [&] {
         return try_policy(placement::prefer({first, second}), machine);
       }},
      // Over one node it would be another policy.
      {"interleave", several, [&] { return try_policy(placement::interleave(nodes), machine); }},
      {"weighted_by_system", here, [&] { return try_policy(placement::weighted_by_system(nodes), machine); }},
      {"thread_binding", here, [&] { return try_thread(first, machine); }},
      {"locate", here, [&] { return try_locating(); }},
      // With one node, to where the pages lie.
      {"migrate", here, [&] { return try_migrating(first, second, machine); }},
      // With this very process.
      {"move_process", several && facts.proc_is_own,
       [&] { return acre::move_process(0, {first}, {second}), trial{}; }},
      // Every PID namespace has a process 1, and this file of it anybody may read.
      {"other_processes", facts.has_proc, [] { return acre::read_process_file(1, "stat"), trial{}; }},
      {"shared_segment", here, [&] { return try_shared_segment(machine); }},
  };
  for (const auto& [name, makes_sense, attempt] : all)
    facts.trials[name] = makes_sense ? tried(attempt) : trial{outcome::untried};
}

constexpr std::pair<const char*, const char*> files_of_settings[] = {
    {"numa_balancing", "/proc/sys/kernel/numa_balancing"},
    {"demotion_enabled", "/sys/kernel/mm/numa/demotion_enabled"},
    {"transparent_hugepage_enabled", "/sys/kernel/mm/transparent_hugepage/enabled"},
    {"transparent_hugepage_defrag", "/sys/kernel/mm/transparent_hugepage/defrag"},
    {"transparent_hugepage_shmem_enabled", "/sys/kernel/mm/transparent_hugepage/shmem_enabled"},
    {"max_map_count", "/proc/sys/vm/max_map_count"},
    {"overcommit_memory", "/proc/sys/vm/overcommit_memory"},
    {"zone_reclaim_mode", "/proc/sys/vm/zone_reclaim_mode"},
};

/// A number, true or false as JSON has them, or "always [madvise] never".
nlohmann::ordered_json setting_in(const std::string& file, const acre::system_files& files) {
  auto value = nlohmann::ordered_json::parse(files.line(file).value_or(""), nullptr, false);
  if (value.is_discarded()) value = files.chosen(file);
  return value;
}

}  // namespace

doctor_facts collect_facts(const acre::topology& machine, const acre::system_files& files) {
  doctor_facts facts;
  if (utsname name{}; ::uname(&name) == 0) facts.kernel = name.release;
  facts.hwloc = acre::hwloc_version();
  facts.machine = describe(machine, files);
  facts.has_proc = files.has("/proc/self/maps");
  facts.proc_is_own = !facts.has_proc || acre::proc_has_own_numbers();
  facts.has_sys = files.has("/sys/kernel/mm");
  for (const auto& row : facts.machine.nodes) {
    if (row.allowed && machine.is_this_system())
      facts.binding[row.node] = tried([&] { return try_binding(row.node, machine); });
  }
  try_calls(facts, machine);
  facts.settings["seccomp"] = files.field("/proc/self/status", "Seccomp");
  for (const auto& [name, file] : files_of_settings) facts.settings[name] = setting_in(file, files);
  facts.memory_limit = files.memory_limit_of_self();
  facts.group_is_seen = files.shows_group_of_self();
  std::error_code unknown;
  const auto space = std::filesystem::space("/dev/shm", unknown);
  if (!unknown) facts.shm = shm_facts{space.capacity, space.available};
  return facts;
}

}  // namespace acre_cli
