// The machine changes after it was looked at: the cpuset shrinks and grows, CPUs come online, hwloc's file says
// something else. What the kernel has now counts.
#include <acre/apply.hpp>
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/locate.hpp>
#include <acre/migrate.hpp>
#include <acre/node_pools.hpp>
#include <acre/shared_segment.hpp>
#include <acre/thread_binding.hpp>
#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include <hwloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "multinode/control_group.hpp"
#include "multinode/plain_memory.hpp"
#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/preconditions.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t bytes = 64 * 4096;

/// The process in a control group of its own, with a snapshot of before.
struct own_cpuset : two_nodes {
  control_group group;
  moved_into there{group};
  topology before;

  own_cpuset() : before(snapshot()) {}

  topology snapshot() const {
    allow(to_node_set(all));
    return topology::load();
  }
  void allow(const node_set& nodes) const { group.write("cpuset.mems", nodes.to_string()); }

  with_code refusal() const {
    return with_code(errc::node_not_allowed)
        .saying("node " + std::to_string(second) + " is not allowed")
        .saying("may use now: " + std::to_string(first));
  }
};

bool tells_forbidden_nodes(const std::vector<downgrade>& downgrades, unsigned node) {
  return std::ranges::any_of(downgrades, [&](const downgrade& d) {
    return d.reason == downgrade_reason::nodes_not_allowed &&
           d.text.find("node " + std::to_string(node) + " is not allowed") != std::string::npos;
  });
}

/// What an area gives lies on `node`, whatever it was asked for.
void expect_blocks_on(unsigned node, area& a) {
  void* const p = a.allocate(bytes);
  touch(p, bytes);
  expect_all_on(node, p, bytes);
  a.deallocate(p, bytes);
}

// Alone: they write to the control groups of the machine.
BOOST_AUTO_TEST_SUITE(shrinking_cpuset, *boost::unit_test::label("alone"))

BOOST_AUTO_TEST_CASE(refuses_hard_placements_by_name) {
  in_child([] {
    const own_cpuset s;
    area old(placement::bind({s.second}), {}, s.before);
    node_pools pools({}, s.before);
    s.allow({s.first});
    BOOST_CHECK_EXCEPTION(area a(placement::bind({s.second}), {}, s.before), error, s.refusal());
    BOOST_CHECK_EXCEPTION(area a(placement::bind({s.first, s.second}), {}, s.before), error, s.refusal());
    BOOST_CHECK_EXCEPTION(area a(placement::weighted({{s.first, 1}, {s.second, 2}}).hard(), {}, s.before),
                          error, s.refusal());
    BOOST_CHECK_EXCEPTION(static_cast<void>(old.allocate(bytes)), allocation_error, s.refusal());
    BOOST_CHECK_EXCEPTION(static_cast<void>(pools.allocate_on(s.second, 1_MiB)), allocation_error,
                          s.refusal());
    BOOST_CHECK_EXCEPTION(const thread_binding b(placement::bind({s.second}), s.before), error, s.refusal());
    BOOST_CHECK_EXCEPTION(shared_segment::create("", bytes, placement::bind({s.second}),
                                                 {.backend = segment_backend::memfd}, s.before),
                          error, s.refusal());
    const plain_memory memory;
    touch(memory.data(), memory.size());
    BOOST_CHECK_EXCEPTION(apply(memory.data(), memory.size(), placement::bind({s.second}), s.before), error,
                          s.refusal());
    BOOST_CHECK_EXCEPTION(migrate(memory.data(), memory.size(), placement::bind({s.second}), s.before), error,
                          s.refusal());
  });
}

BOOST_AUTO_TEST_CASE(refuses_eager_hard_placements_by_name) {
  in_child([] {
    const own_cpuset s;
    area old(placement::bind({s.second}), {.commit = commit::eager}, s.before);
    s.allow({s.first});
    BOOST_CHECK_EXCEPTION(static_cast<void>(old.allocate(bytes)), allocation_error, s.refusal());
  });
}

BOOST_AUTO_TEST_CASE(leaves_soft_placements_what_is_allowed_and_says_so) {
  in_child([] {
    const own_cpuset s;
    s.allow({s.first});
    for (const placement& where :
         {placement::prefer({s.second}), placement::prefer({s.first, s.second}),
          placement::interleave(to_node_set(s.all)), placement::weighted({{s.first, 1}, {s.second, 2}}),
          placement::most_free(to_node_set(s.all))}) {
      for (const commit when : {commit::lazy, commit::eager}) {
        BOOST_TEST_INFO(where);
        area a(where, {.commit = when}, s.before);
        BOOST_TEST(tells_forbidden_nodes(a.status().downgrades, s.second), a.status());
        expect_blocks_on(s.first, a);
      }
    }
    const plain_memory memory;
    BOOST_TEST(tells_forbidden_nodes(
        apply(memory.data(), memory.size(), placement::prefer({s.second}), s.before), s.second));
    BOOST_TEST(policy_at(memory.data()) == (kernel_policy{mpol::local, {}}));
  });
}

BOOST_AUTO_TEST_CASE(leaves_threads_with_soft_placements_what_is_allowed) {
  in_child([] {
    const own_cpuset s;
    s.allow({s.first});
    const thread_binding binding(placement::interleave(to_node_set(s.all)), s.before);
    BOOST_TEST(tells_forbidden_nodes(binding.downgrades(), s.second));
    BOOST_TEST(own_policy().nodes == nodes{s.first});
  });
}

BOOST_AUTO_TEST_CASE(leaves_pages_where_they_are_for_whom_a_gone_node_is_preferred) {
  in_child([] {
    const own_cpuset s;
    s.allow({s.first});
    const plain_memory memory;
    touch(memory.data(), memory.size());
    const migration done = migrate(memory.data(), memory.size(), placement::prefer({s.second}), s.before);
    BOOST_TEST(done.failed() == 0U);
    BOOST_TEST(tells_forbidden_nodes(done.downgrades, s.second), done);
    expect_all_on(s.first, memory.data(), memory.size());
  });
}

BOOST_AUTO_TEST_CASE(shows_in_the_status_of_areas_made_before_and_goes_again) {
  in_child([] {
    const own_cpuset s;
    area interleaved(placement::interleave({s.first, s.second}), {}, s.before);
    area bound(placement::bind({s.second}), {}, s.before);
    BOOST_TEST(interleaved.status().as_asked(), interleaved.status());
    s.allow({s.first});
    BOOST_TEST(!interleaved.status().as_asked());
    BOOST_TEST(interleaved.status().installed == "interleave " + std::to_string(s.first));
    BOOST_TEST(tells_forbidden_nodes(interleaved.status().downgrades, s.second), interleaved.status());
    BOOST_TEST(bound.status().installed == "nothing");
    BOOST_TEST(tells_forbidden_nodes(bound.status().downgrades, s.second), bound.status());
    expect_blocks_on(s.first, interleaved);
    s.allow(to_node_set(s.all));
    BOOST_TEST(interleaved.status().as_asked(), interleaved.status());
    BOOST_TEST(bound.status().as_asked(), bound.status());
    expect_blocks_on(s.second, bound);
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(growing_cpuset, *boost::unit_test::label("alone"))

BOOST_AUTO_TEST_CASE(allows_nodes_that_the_snapshot_forbids) {
  in_child([] {
    const own_cpuset s;
    s.allow({s.first});
    const topology narrow = topology::load();
    BOOST_TEST(narrow.allowed_nodes() == node_set{s.first});
    BOOST_CHECK_EXCEPTION(area a(placement::bind({s.second}), {}, narrow), error,
                          with_code(errc::node_not_allowed));
    s.allow(to_node_set(s.all));
    area a(placement::bind({s.second}), {}, narrow);
    BOOST_TEST(a.status().as_asked(), a.status());
    expect_blocks_on(s.second, a);
  });
}

/// Hidden files and a narrow cpuset make a snapshot that has never heard of the second node, as if that came later.
BOOST_AUTO_TEST_CASE(brings_nodes_that_the_snapshot_does_not_have) {
  in_child([] {
    const own_cpuset s;
    s.allow({s.first});
    std::optional<topology> narrow;
    // The topology of the hidden files is loaded in the mount namespace; the cpuset is changed by its open file.
    std::ofstream mems(top_group + "/" + s.group.name() + "/cpuset.mems");
    require(unshare(CLONE_NEWNS) == 0, "unshare");
    require(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount");
    require(mount("none", "/sys", "tmpfs", 0, nullptr) == 0, "mount");
    narrow.emplace(topology::load());
    require(umount("/sys") == 0, "umount");
    BOOST_TEST(narrow->nodes() == node_set{s.first});
    mems << to_node_set(s.all) << std::flush;
    BOOST_TEST_REQUIRE(mems.good());

    BOOST_TEST(narrow->memory(s.second).has_value());
    BOOST_TEST(narrow->capacity(s.second).value_or(0) > 0U);
    BOOST_TEST(narrow->kind(s.second) == memory_kind::unknown);
    BOOST_TEST(narrow->cpus(s.second).empty());
    BOOST_CHECK_NO_THROW((void)narrow->best(memory_attribute::bandwidth, s.second));
    BOOST_TEST(narrow->distance(s.first, s.second) == distance(s.first, s.second));
    BOOST_TEST(narrow->nearest_first(s.second, {s.first, s.second}).front() == s.second);
    BOOST_CHECK_EXCEPTION((void)narrow->capacity(1000), error, with_code(errc::unknown_node));
    for (const commit when : {commit::lazy, commit::eager}) {
      area a(placement::bind({s.second}), {.commit = when}, *narrow);
      BOOST_TEST(a.status().as_asked(), a.status());
      expect_blocks_on(s.second, a);
    }
    // Pages lie on a node that the snapshot does not have.
    const plain_memory memory;
    BOOST_TEST_REQUIRE(set_policy(memory.data(), memory.size(), {mpol::bind, {s.second}}) == 0);
    touch(memory.data(), memory.size());
    BOOST_TEST(locate(memory.data(), memory.size()).on(s.second) == memory.size() / base_page());
    const check_result found = check(memory.data(), memory.size(), placement::bind({s.first}), {}, *narrow);
    BOOST_TEST(found.misplaced == memory.size() / base_page());
    BOOST_TEST(migrate(memory.data(), memory.size(), placement::bind({s.first}), *narrow).failed() == 0U);
    expect_all_on(s.first, memory.data(), memory.size());
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(without_sys_on_several_nodes, *boost::unit_test::label("alone"))

BOOST_AUTO_TEST_CASE(all_nodes_can_be_used) {
  const two_nodes n;
  in_namespaces(CLONE_NEWNS, [&] {
    require(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount");
    require(mount("none", "/sys", "tmpfs", 0, nullptr) == 0, "mount");
    const topology machine = topology::load();
    BOOST_TEST(machine.default_nodes() == to_node_set(n.all));
    for (const unsigned node : n.all) {
      for (const placement& where : {placement::bind({node}), placement::prefer({node})}) {
        for (const commit when : {commit::lazy, commit::eager}) {
          area a(where, {.commit = when}, machine);
          BOOST_TEST(a.status().as_asked(), a.status());
          expect_blocks_on(node, a);
        }
      }
    }
    const thread_binding scope(placement::bind({n.second}), machine);
    BOOST_TEST(own_policy().nodes == nodes{n.second});
  });
}

BOOST_AUTO_TEST_CASE(threads_allocate_on_their_node) {
  const two_nodes n;
  in_namespaces(CLONE_NEWNS, [&] {
    const std::vector<unsigned> cpus = one_cpu_per_node();
    require(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount");
    require(mount("none", "/sys", "tmpfs", 0, nullptr) == 0, "mount");
    const topology machine = topology::load();
    node_pools pools({}, machine);
    for (const unsigned cpu : cpus) {
      const pinned there(cpu);
      if (!n.all.contains(node_of_cpu(cpu))) continue;
      BOOST_TEST(pools.here() == node_of_cpu(cpu));
      BOOST_TEST(machine.local_nodes() == node_set{node_of_cpu(cpu)});
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hwlocs_file, *boost::unit_test::label("alone"))

/// HWLOC_XMLFILE of the whole machine, said to be this one, where the cpuset allows a part.
BOOST_AUTO_TEST_CASE(does_not_say_which_nodes_are_allowed) {
  in_child([] {
    const own_cpuset s;
    const std::string file = "/tmp/machine.xml";
    require(hwloc_topology_export_xml(s.before.native_handle(), file.c_str(), 0) == 0, "export");
    s.allow({s.first});
    s.group.write("cpuset.cpus", std::to_string(node_cpus(s.first).at(0)));
    setenv("HWLOC_XMLFILE", file.c_str(), 1);
    setenv("HWLOC_THISSYSTEM", "1", 1);
    const topology machine = topology::load();
    BOOST_TEST_REQUIRE(machine.is_this_system());
    BOOST_TEST(machine.nodes().contains(s.second));
    BOOST_TEST(machine.allowed_nodes() == node_set{s.first});
    BOOST_TEST(machine.default_nodes() == node_set{s.first});
    BOOST_TEST(machine.cpus() == std::vector{node_cpus(s.first).at(0)}, boost::test_tools::per_element());
    BOOST_CHECK_EXCEPTION(area a(placement::bind({s.second}), {}, machine), error,
                          with_code(errc::node_not_allowed));
  });
}

BOOST_AUTO_TEST_SUITE_END()

/// mlockall(2) with MCL_FUTURE makes pages when they are mapped, before they have a policy.
BOOST_AUTO_TEST_SUITE(locked_future, *boost::unit_test::label("alone"))

BOOST_AUTO_TEST_CASE(keeps_placements_of_areas_made_after_and_shows_in_the_status_of_others) {
  in_child([] {
    const two_nodes n;
    const pinned here(node_cpus(n.first).at(0));
    area before(placement::bind({n.second}));
    require(mlockall(MCL_FUTURE) == 0, "mlockall");
    BOOST_TEST(!before.status().as_asked());
    for (const placement& where : {placement::bind({n.second}), placement::prefer({n.second})}) {
      for (const commit when : {commit::lazy, commit::eager}) {
        area after(where, {.commit = when});
        BOOST_TEST(after.status().as_asked(), after.status());
        expect_blocks_on(n.second, after);
      }
    }
    area interleaved(placement::interleave({n.first, n.second}));
    void* const p = interleaved.allocate(bytes);
    BOOST_TEST(count_pages(p, bytes)[n.second] == bytes / base_page() / 2);
    BOOST_TEST(interleaved.check_block(p, bytes));
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hot_plugged_cpus, *boost::unit_test::label("alone"))

/// A CPU that is offline until this ends, or is switched on.
class offline_cpu {
 public:
  explicit offline_cpu(unsigned cpu)
      : x_file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/online") {
    require(write_text(x_file, "0"), x_file.c_str());
  }
  ~offline_cpu() { switch_on(); }
  void switch_on() const { require(write_text(x_file, "1"), x_file.c_str()); }

 private:
  std::string x_file;
};

BOOST_AUTO_TEST_CASE(allocate_on_their_own_node) {
  in_child([] {
    const two_nodes n;
    const unsigned cpu = node_cpus(n.second).at(0);
    const offline_cpu plug(cpu);
    const topology before = topology::load();
    node_pools pools({}, before);
    plug.switch_on();
    const pinned there(cpu);
    BOOST_TEST(pools.here() == n.second);
    BOOST_TEST(before.node_of_cpu(cpu) == n.second);
    BOOST_TEST(before.local_nodes() == node_set{n.second});
    BOOST_TEST(before.local_nodes(std::span(&cpu, 1)) == node_set{n.second});
    void* const p = pools.allocate(100);
    BOOST_TEST(pools.owner(p) == n.second);
    pools.deallocate(p, 100);
    BOOST_TEST(pools.statistics().remote_frees == 0U);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
