// Sandboxes hide /sys, or /proc: what nobody tells is not taken for zero, and what needs no file works.
#include <acre/area.hpp>
#include <acre/binding_of.hpp>
#include <acre/bytes.hpp>
#include <acre/locate.hpp>
#include <acre/migrate.hpp>
#include <acre/node_pools.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/thread_binding.hpp>
#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/mount.h>

#include <sched.h>

#include <cstring>
#include <functional>
#include <vector>

#include "sys/memory_limits.hpp"

#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/preconditions.hpp"
#include "support/print.hpp"
#include "support/require.hpp"

namespace acre::test {
namespace {

using boost::unit_test::precondition;

void without(const char* directory, const std::function<void()>& body) {
  in_namespaces(CLONE_NEWNS, [&] {
    require(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount");
    require(mount("none", directory, "tmpfs", 0, nullptr) == 0, "mount");
    body();
  });
}

/// What the machine was before it was hidden: read once.
const node_set& usable_before() {
  static const node_set nodes = to_node_set(usable_nodes());
  return nodes;
}

void expect_placed(const placement& where, const area_options& options, const topology& machine) {
  area a(where, options, machine);
  BOOST_TEST(a.status().as_asked(), a.status());
  void* const p = a.allocate(1_MiB);
  std::memset(p, 1, 1_MiB);
  BOOST_TEST(count_pages(p, 1_MiB)[where.nodes().first()] == 1_MiB / base_page());
  BOOST_TEST(a.check_block(p, 1_MiB));
  a.deallocate(p, 1_MiB);
}

void expect_bindings_work() {
  const topology machine = topology::load();
  const node_id node = machine.default_nodes().first();
  for (const commit when : {commit::lazy, commit::eager}) {
    expect_placed(placement::bind({node}), {.commit = when}, machine);
    expect_placed(placement::prefer({node}), {.commit = when}, machine);
  }
  node_pools pools({}, machine);
  pools.deallocate(pools.allocate(100), 100);
  const std::vector<int, numa_allocator<int>> v(100'000, 1, placement::bind({node}));
  BOOST_TEST(locate(v.data(), v.size() * sizeof(int)).untouched == 0U);
  const thread_binding scope(placement::bind({node}), machine);
  BOOST_TEST(scope.policy().to_string() == "bind " + std::to_string(node));
}

BOOST_AUTO_TEST_SUITE(without_sys, *precondition(may_make_namespaces))

BOOST_AUTO_TEST_CASE(the_kernel_tells_which_nodes_are_allowed) {
  usable_before();
  without("/sys", [] {
    const topology machine = topology::load();
    BOOST_TEST(machine.allowed_nodes() == usable_before());
    BOOST_TEST(machine.memory_nodes().contains(usable_before()));
    BOOST_TEST(machine.default_nodes() == usable_before());
    BOOST_TEST(!machine.local_nodes().empty());
  });
}

BOOST_AUTO_TEST_CASE(unknown_sizes_are_not_zero) {
  usable_before();
  without("/sys", [] {
    const topology machine = topology::load();
    for (const node_id node : usable_before()) {
      BOOST_TEST(!machine.capacity(node));
      BOOST_TEST(!machine.memory(node).has_value());
      BOOST_CHECK_NO_THROW(machine.require_usable({node}));
    }
    // Most free of nodes of which nobody knows: all of them.
    const plan p = make_plan(placement::most_free(machine.default_nodes()), 1_MiB, machine);
    BOOST_TEST(p.bytes == 1_MiB);
  });
}

BOOST_AUTO_TEST_CASE(memory_can_be_bound) { without("/sys", expect_bindings_work); }

BOOST_AUTO_TEST_CASE(huge_pages_are_asked_of_the_kernel) {
  without("/sys", [] {
    const topology machine = topology::load();
    const placement where = placement::bind({machine.default_nodes().first()});
    area transparent(where, {.page_kind = page_kind::transparent_huge, .fallback = page_fallback::strict},
                     machine);
    transparent.deallocate(transparent.allocate(4_MiB), 4_MiB);
    // As many as there are: the pages, or an error, never SIGBUS.
    area reserved(where, {.page_kind = page_kind::huge_2mb}, machine);
    void* const p = reserved.allocate(4_MiB);
    std::memset(p, 1, 4_MiB);
    reserved.deallocate(p, 4_MiB);
  });
}

BOOST_AUTO_TEST_CASE(limits_of_groups_are_unknown) {
  without("/sys", [] { BOOST_TEST(!sys::memory_group_limits(0).all_seen); });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(without_proc, *precondition(may_make_namespaces))

BOOST_AUTO_TEST_CASE(memory_can_be_bound) { without("/proc", expect_bindings_work); }

BOOST_AUTO_TEST_CASE(pages_can_be_moved) {
  without("/proc", [] {
    const topology machine = topology::load();
    area a(placement::unbound(), {}, machine);
    void* const p = a.allocate(1_MiB);
    std::memset(p, 1, 1_MiB);
    BOOST_TEST(migrate(p, 1_MiB, placement::bind({machine.default_nodes().first()}), machine).failed() == 0U);
    a.deallocate(p, 1_MiB);
  });
}

BOOST_AUTO_TEST_CASE(is_named_where_it_is_needed) {
  without("/proc", [] {
    BOOST_CHECK_EXCEPTION((void)binding_of(), error, with_code(errc::binding_unsupported).saying("/proc"));
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
