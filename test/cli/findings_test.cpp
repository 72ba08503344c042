#include "cli/doctor/findings.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "cli/made_up_facts.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre_cli {

namespace {

using acre::test::contains;
using acre::test::lacks;
using acre::test::same;

/// A thing that can be wrong, and the one finding that is to come of it.
struct ailment {
  std::string id;
  finding_level level;
  std::string said;
  std::function<void(doctor_facts&)> cause;
};

trial refused(outcome result) { return {result, "said the kernel"}; }

/// A cause: a trial, or that of every node, ended so; a setting is so.
auto tried(const char* name, outcome result) {
  return [=](doctor_facts& f) { f.trials[name] = refused(result); };
}
auto bound(outcome result) {
  return [=](doctor_facts& f) {
    for (auto& [node, binding] : f.binding) binding = refused(result);
  };
}
template <class Value>
auto set(const char* name, Value value) {
  return [=](doctor_facts& f) { f.settings[name] = value; };
}

const std::vector<ailment>& ailments() {
  constexpr auto note = finding_level::note;
  constexpr auto warning = finding_level::warning;
  constexpr auto problem = finding_level::problem;
  static const std::vector<ailment> all = {
      {"kernel", note, "Linux 6.1.0 has bind", [](doctor_facts& f) { f.kernel = "6.1.0"; }},
      {"kernel", note, "It lacks weighted_by_system (Linux 6.9).",
       tried("weighted_by_system", outcome::unsupported)},
      {"kernel", note, "prefer of several nodes", tried("prefer_several", outcome::less)},
      {"kernel", note, "the home node", tried("prefer_one", outcome::less)},
      {"hwloc", warning, "hwloc 2.8.0 is older", [](doctor_facts& f) { f.hwloc = "2.8.0"; }},
      {"foreign_topology", problem, "another machine",
       [](doctor_facts& f) {
         f.machine.is_this_system = false;
         f.binding.clear();
       }},
      {"forbidden_nodes", note, "Node 2 may not be used",
       [](doctor_facts& f) {
         f.machine.nodes.push_back(healthy_node(2));
         f.machine.nodes[2].allowed = false;
       }},
      {"memoryless_nodes", note, "Node 1 has no memory",
       [](doctor_facts& f) {
         f.machine.nodes.push_back(healthy_node(2));
         f.machine.nodes[1].capacity = 0;
         f.machine.nodes[1].allowed = false;
       }},
      {"cpuless_nodes", note, "Node 1 has memory and no CPUs",
       [](doctor_facts& f) { f.machine.nodes[1].cpus->clear(); }},
      {"one_node", note, "Only node 0 can be used", [](doctor_facts& f) { f.machine.nodes.pop_back(); }},
      {"no_node", problem, "No node can be used", [](doctor_facts& f) { f.machine.nodes.clear(); }},
      {"binding_denied", problem, "Nodes 0-1: the kernel refuses to bind memory (said the kernel)",
       bound(outcome::denied)},
      {"binding_denied", problem, "a seccomp filter is in force",
       [](doctor_facts& f) {
         bound(outcome::denied)(f);
         f.settings["seccomp"] = 2;
       }},
      {"binding_denied", warning, "Node 1: the kernel refuses",
       [](doctor_facts& f) { f.binding[1] = refused(outcome::denied); }},
      {"binding_unsupported", problem, "cannot bind", bound(outcome::unsupported)},
      {"binding_failed", problem, "said the kernel", bound(outcome::failed)},
      {"binding_failed", warning,
       "Node 0: ", [](doctor_facts& f) { f.binding[0] = refused(outcome::failed); }},
      {"node_full", warning, "Node 1: memory can be bound, and pages lie on another node",
       [](doctor_facts& f) { f.binding[1] = refused(outcome::elsewhere); }},
      {"thread_binding", warning, "Threads cannot be bound", tried("thread_binding", outcome::denied)},
      {"locating", warning, "does not tell where pages lie",
       [](doctor_facts& f) {
         bound(outcome::less)(f);
         f.trials["locate"] = refused(outcome::denied);
       }},
      {"migrating", warning, "Pages cannot be moved", tried("migrate", outcome::less)},
      {"moving_processes", warning, "Pages of processes cannot be moved",
       tried("move_process", outcome::denied)},
      {"interleaving", warning, "(said the kernel)", tried("interleave", outcome::failed)},
      {"little_memory", warning, "Node 1 has 20 MiB free of 1 GiB and little to reclaim",
       [](doctor_facts& f) { f.machine.nodes[1].free = 20 * mib; }},
      {"cached_memory", warning, "caches hold the rest",
       [](doctor_facts& f) {
         f.machine.nodes[1].free = 20 * mib;
         f.machine.nodes[1].reclaimable = 500 * mib;
       }},
      {"memory_limit", note, "limits memory to 1 GiB",
       [](doctor_facts& f) {
         f.memory_limit = acre::memory_limit{gib, 500 * mib};
       }},
      {"memory_limit_reached", warning, "OOM killer",
       [](doctor_facts& f) {
         f.memory_limit = acre::memory_limit{gib, gib};
       }},
      {"memory_limit_unknown", warning, "cannot be seen", [](doctor_facts& f) { f.group_is_seen = false; }},
      {"no_sys", warning, "/sys cannot be read", [](doctor_facts& f) { f.has_sys = false; }},
      {"no_proc", warning, "/proc cannot be read", [](doctor_facts& f) { f.has_proc = false; }},
      {"foreign_proc", warning, "another PID namespace", [](doctor_facts& f) { f.proc_is_own = false; }},
      {"hidden_processes", note, "find processes of this user only (said the kernel)",
       tried("other_processes", outcome::denied)},
      {"no_shm", warning, "(said the kernel)", tried("shared_segment", outcome::failed)},
      {"no_shm", warning, "cannot be made in /dev/shm", [](doctor_facts& f) { f.shm.reset(); }},
      {"small_shm", note, "64 MiB",
       [](doctor_facts& f) {
         f.shm = shm_facts{64 * mib, 64 * mib};
       }},
      {"shm_full", warning, "4 KiB free of 1 GiB",
       [](doctor_facts& f) {
         f.shm = shm_facts{gib, 4096};
         f.trials["shared_segment"] = refused(outcome::failed);
       }},
      {"thp_never", note, "no transparent huge pages", set("transparent_hugepage_enabled", "never")},
      {"thp_always", note, "everywhere", set("transparent_hugepage_enabled", "always")},
      {"thp_defrag_always", note, "compacted", set("transparent_hugepage_defrag", "always")},
      {"no_hugetlb", note, "No huge pages are reserved",
       [](doctor_facts& f) {
         for (auto& node : f.machine.nodes) node.huge_pages = {{{2 * mib, 0, 0}}};
       }},
      {"hugetlb_uneven", note, "8 of 8 reserved pages of 2 MiB are free, all on node 0; node 1 has none",
       [](doctor_facts& f) {
         f.machine.nodes[1].huge_pages = {{{2 * mib, 0, 0}}};
       }},
      {"hugetlb_used_up", note, "0 of 16",
       [](doctor_facts& f) {
         for (auto& node : f.machine.nodes) node.huge_pages = {{{2 * mib, 8, 0}}};
       }},
      {"numa_balancing_on", note, "to the nodes that read them", set("numa_balancing", 1)},
      {"numa_balancing_on", note, "to faster nodes", set("numa_balancing", 2)},
      {"demotion_on", warning, "demote", set("demotion_enabled", true)},
      {"few_mappings", warning, "750 ranges", set("max_map_count", 1000)},
      {"strict_overcommit", note, "vm.overcommit_memory=2", set("overcommit_memory", 2)},
      {"zone_reclaim", note, "vm.zone_reclaim_mode", set("zone_reclaim_mode", 1)},
  };
  return all;
}

std::vector<finding> not_ok(const std::vector<finding>& findings) {
  std::vector<finding> found;
  std::ranges::copy_if(findings, std::back_inserter(found),
                       [](const finding& f) { return f.level != finding_level::ok; });
  return found;
}

std::string ids_of(const std::vector<finding>& findings) {
  std::string ids;
  for (const auto& f : findings) ids += f.id + ": " + f.text + "\n";
  return ids;
}

BOOST_AUTO_TEST_SUITE(findings)

BOOST_AUTO_TEST_CASE(of_a_healthy_machine_are_all_ok) {
  const auto findings = judge(healthy_facts());
  BOOST_TEST(ids_of(not_ok(findings)) == "");
  BOOST_TEST(is_usable(findings));
  std::set<std::string> ids;
  for (const auto& f : findings) {
    BOOST_TEST_CONTEXT(f.id) {
      BOOST_TEST(f.remedy == "");
      BOOST_TEST(ids.insert(f.id).second, "twice");
    }
  }
  BOOST_TEST(same(ids, std::set<std::string>{"binding", "hugetlb", "hwloc", "interleaving", "kernel",
                                             "locating", "mappings", "migrating", "moving_processes",
                                             "numa_balancing", "shm", "thp", "thread_binding"}));
}

BOOST_AUTO_TEST_CASE(have_one_for_each_ailment_with_a_remedy) {
  for (const auto& a : ailments()) {
    BOOST_TEST_CONTEXT(a.id << ": " << a.said) {
      doctor_facts facts = healthy_facts();
      a.cause(facts);
      const auto findings = not_ok(judge(facts));
      BOOST_TEST_INFO(ids_of(findings));
      BOOST_TEST_REQUIRE(findings.size() == 1U);
      BOOST_TEST(findings[0].id == a.id);
      BOOST_TEST(findings[0].level == a.level);
      BOOST_TEST(contains(findings[0].text, a.said));
      BOOST_TEST(findings[0].remedy != "");
      // Names of functions would be advice for programmers only.
      BOOST_TEST(lacks(findings[0].remedy, "()"));
      BOOST_TEST(lacks(findings[0].remedy, "::"));
      BOOST_TEST(lacks(findings[0].remedy, "memfd"));
      BOOST_TEST(is_usable(findings) == (a.level != finding_level::problem));
    }
  }
}

BOOST_AUTO_TEST_CASE(add_up) {
  doctor_facts facts = healthy_facts();
  facts.binding[1] = refused(outcome::denied);
  facts.trials["thread_binding"] = refused(outcome::denied);
  facts.settings["numa_balancing"] = 1;
  BOOST_TEST(not_ok(judge(facts)).size() == 3U);
  BOOST_TEST(is_usable(judge(facts)));
}

BOOST_AUTO_TEST_CASE(have_none_for_a_limit_above_all_memory) {
  doctor_facts facts = healthy_facts();
  facts.memory_limit = acre::memory_limit{4 * gib, gib};
  BOOST_TEST(ids_of(not_ok(judge(facts))) == "");
}

BOOST_AUTO_TEST_CASE(of_nodes_are_told_apart_by_what_happened) {
  doctor_facts facts = healthy_facts();
  facts.machine.nodes.push_back(healthy_node(5));
  facts.binding[5] = {};
  facts.binding[1] = refused(outcome::elsewhere);
  const std::string ids = ids_of(judge(facts));
  BOOST_TEST(contains(ids, "binding: Nodes 0,5: pages bound there lie there."));
  BOOST_TEST(contains(ids, "node_full: Node 1: "));
}

BOOST_AUTO_TEST_CASE(of_nothing_known_claim_nothing_good) {
  const auto findings = judge({});
  BOOST_TEST(!is_usable(findings));
  for (const auto& f : findings) {
    BOOST_TEST_CONTEXT(f.id) {
      BOOST_TEST(f.text != "");
      BOOST_TEST(f.remedy.empty() == (f.level == finding_level::ok));
      BOOST_TEST(f.id != "binding");
    }
  }
}

BOOST_AUTO_TEST_CASE(believe_what_was_tried_more_than_the_number_of_the_kernel) {
  doctor_facts facts = healthy_facts();
  facts.kernel = "5.14.0-503.el9";
  const auto findings = not_ok(judge(facts));
  BOOST_TEST_REQUIRE(findings.size() == 1U);
  BOOST_TEST(contains(findings[0].text, "It lacks exact counts of transparent huge pages (Linux 6.7)."));
}

BOOST_AUTO_TEST_CASE(of_a_kernel_without_policies_promise_none) {
  doctor_facts facts = healthy_facts();
  bound(outcome::unsupported)(facts);
  for (const char* policy : {"prefer_one", "prefer_several", "interleave", "weighted_by_system"})
    facts.trials[policy] = refused(outcome::unsupported);
  const auto findings = judge(facts);
  BOOST_TEST(!is_usable(findings));
  for (const auto& f : findings) {
    BOOST_TEST_INFO(f.text);
    BOOST_TEST(f.id != "kernel");
  }
}

BOOST_AUTO_TEST_CASE(compare_versions_as_numbers) {
  doctor_facts facts = healthy_facts();
  facts.hwloc = "2.10.0";
  for (const auto* kernel : {"6.7", "6.10.0-rc1", "7.0", "10.2.1"}) {
    facts.kernel = kernel;
    BOOST_TEST_INFO(kernel);
    BOOST_TEST(ids_of(not_ok(judge(facts))) == "");
  }
}

BOOST_AUTO_TEST_CASE(have_no_limit_where_dev_shm_has_none) {
  doctor_facts facts = healthy_facts();
  facts.shm = shm_facts{};
  BOOST_TEST(contains(ids_of(judge(facts)), "shm: /dev/shm has no limit for shared segments."));
}

BOOST_AUTO_TEST_CASE(go_by_the_number_of_the_kernel_where_nothing_could_be_tried) {
  doctor_facts facts = healthy_facts();
  facts.kernel = "5.10.0";
  facts.trials["prefer_one"] = refused(outcome::denied);
  facts.trials.erase("prefer_several");
  facts.trials["weighted_by_system"] = {outcome::untried};
  const auto findings = not_ok(judge(facts));
  BOOST_TEST_REQUIRE(findings.size() == 1U);
  for (const auto* lacking : {"(Linux 5.15)", "(Linux 5.17)", "(Linux 6.7)", "(Linux 6.9)"})
    BOOST_TEST(contains(findings[0].text, lacking));
  BOOST_TEST(contains(findings[0].remedy, "Linux 6.9 or newer"));
}

BOOST_AUTO_TEST_CASE(of_nodes_of_unknown_size_do_not_call_them_empty) {
  doctor_facts facts = healthy_facts();
  facts.has_sys = false;
  facts.settings["transparent_hugepage_enabled"] = nullptr;
  for (auto& row : facts.machine.nodes) row = {.node = row.node, .kind = "unknown"};
  const std::vector<finding> found = not_ok(judge(facts));
  BOOST_TEST_REQUIRE(found.size() == 1U);
  BOOST_TEST(found.front().id == "no_sys");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
