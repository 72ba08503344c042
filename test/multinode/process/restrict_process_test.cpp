// restrict_process: a running process is left with some nodes only, if its control group is its own.
#include <acre/binding_of.hpp>
#include <acre/restrict_process.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cerrno>
#include <map>
#include <string>
#include <system_error>

#include "multinode/control_group.hpp"
#include "multinode/plain_memory.hpp"
#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/require.hpp"

namespace acre::test {
namespace {

/// Needs root.
BOOST_FIXTURE_TEST_SUITE(restricting, two_nodes)

BOOST_AUTO_TEST_CASE(moves_pages_and_lets_none_be_touched_elsewhere) {
  const plain_memory memory;
  const plain_memory later;
  const control_group own;
  companion child(
      [&] {
        BOOST_TEST_REQUIRE(set_policy(memory.data(), memory.size(), {mpol::preferred, {first}}) == 0);
        sign_pages(memory.data(), memory.size());
        expect_all_on(first, memory.data(), memory.size());
      },
      [&] {
        if (set_policy(later.data(), later.size(), {mpol::preferred, {first}}) != EINVAL) return false;
        touch(later.data(), later.size());
        const std::map<unsigned, std::size_t> wanted{{second, later.size() / base_page()}};
        return count_pages(later.data(), later.size()) == wanted &&
               pages_are_signed(memory.data(), memory.size());
      });
  own.take(child.pid());
  BOOST_TEST(restrict_process(child.pid(), {second}) == node_set{second});
  BOOST_TEST(binding_of(child.pid()).allowed_nodes == node_set{second});
  const std::map<unsigned, std::size_t> all_on_second{{second, memory.size() / base_page()}};
  BOOST_TEST(same(count_pages_of(child.pid(), memory.data(), memory.size()), all_on_second));
  BOOST_TEST(child.end_well());
}

BOOST_AUTO_TEST_CASE(can_be_taken_back) {
  const control_group own;
  const companion child([] {});
  own.take(child.pid());
  BOOST_TEST(restrict_process(child.pid(), {second}) == node_set{second});
  BOOST_TEST(restrict_process(child.pid(), to_node_set(all)) == to_node_set(all));
}

BOOST_AUTO_TEST_CASE(refuses_groups_with_other_processes) {
  const control_group shared;
  const companion one([] {});
  const companion other([] {});
  shared.take(one.pid());
  shared.take(other.pid());
  BOOST_CHECK_EXCEPTION(restrict_process(one.pid(), {second}), error,
                        with_code(errc::group_shared).saying("/" + shared.name() + " has other processes"));
  const node_set allowed = binding_of(other.pid()).allowed_nodes;
  BOOST_TEST(allowed.contains({first, second}), "nodes " << allowed);
}

BOOST_AUTO_TEST_CASE(refuses_groups_with_groups_below) {
  const control_group outer;
  const control_group inner = outer.below();
  const companion child([] {});
  outer.take(child.pid());
  BOOST_CHECK_EXCEPTION(restrict_process(child.pid(), {second}), error, with_code(errc::group_shared));
}

BOOST_AUTO_TEST_CASE(needs_the_controller) {
  const control_group outer;
  const control_group inner = outer.below();
  const companion child([] {});
  inner.take(child.pid());
  BOOST_CHECK_EXCEPTION(restrict_process(child.pid(), {second}), error, with_code(errc::binding_unsupported));
}

BOOST_AUTO_TEST_CASE(needs_a_group_below_the_topmost) {
  const companion child([] {});
  BOOST_TEST_REQUIRE(write_text(top_group + "/cgroup.procs", std::to_string(child.pid())));
  BOOST_CHECK_EXCEPTION(restrict_process(child.pid(), {second}), error, with_code(errc::binding_unsupported));
}

BOOST_AUTO_TEST_CASE(needs_the_right_to_write) {
  const control_group own;
  const companion child([] {});
  own.take(child.pid());
  const int pid = child.pid();
  in_child([&] {
    BOOST_TEST_REQUIRE(setgid(65534) == 0);
    BOOST_TEST_REQUIRE(setuid(65534) == 0);
    BOOST_CHECK_EXCEPTION(restrict_process(pid, {second}), error, with_code(errc::permission_denied));
  });
}

BOOST_AUTO_TEST_CASE(refuses_nodes_and_processes_that_do_not_exist) {
  BOOST_CHECK_EXCEPTION(restrict_process(0, {}), error, with_code(errc::empty_node_set));
  BOOST_CHECK_EXCEPTION(restrict_process(0, {*online_nodes().rbegin() + 1}), error,
                        with_code(errc::unknown_node));
  std::error_code ec;
  restrict_process(-1, {first}, ec);
  BOOST_TEST(ec == errc::no_such_process);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
