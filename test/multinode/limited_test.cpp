// A memory cgroup of 64 MiB: its limit ends in SIGKILL where it is reached by touching.
#include <acre/area.hpp>
#include <acre/bytes.hpp>

#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "multinode/control_group.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"
#include "support/require.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(limited)

BOOST_AUTO_TEST_CASE(refuses_an_eager_block_above_the_limit_and_is_not_killed) {
  for (const placement& where : {placement::unbound(), placement::bind({usable_list().at(0)})}) {
    area a(where, {.commit = commit::eager});
    BOOST_TEST_INFO(where);
    BOOST_CHECK_EXCEPTION(static_cast<void>(a.allocate(200_MiB, 1)), allocation_error,
                          with_code(errc::out_of_memory));
  }
}

/// As container runtimes do: there the group is the topmost, "/".
BOOST_AUTO_TEST_CASE(refuses_the_same_seen_from_a_cgroup_namespace) {
  in_namespaces(CLONE_NEWCGROUP | CLONE_NEWNS, [] {
    require(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount");
    require(umount2("/sys/fs/cgroup", MNT_DETACH) == 0, "umount2");
    require(mount("cgroup", "/sys/fs/cgroup", "cgroup2", 0, nullptr) == 0, "mount");
    area a(placement::bind({usable_list().at(0)}), {.commit = commit::eager});
    BOOST_CHECK_EXCEPTION(static_cast<void>(a.allocate(200_MiB, 1)), allocation_error,
                          with_code(errc::out_of_memory).saying("/sys/fs/cgroup/memory.max"));
  });
}

BOOST_AUTO_TEST_CASE(commits_what_fits) {
  area a(placement::bind({usable_list().at(0)}), {.commit = commit::eager});
  void* const p = a.allocate(16_MiB, 1);
  BOOST_TEST(count_untouched(p, 16_MiB) == 0U);
  a.deallocate(p, 16_MiB, 1);
}

BOOST_AUTO_TEST_SUITE_END()

/// Reserved pages beyond a limit of the control group are a SIGBUS at the touch. Needs 4 of 2 MiB on the first node.
BOOST_AUTO_TEST_SUITE(limited_huge_pages, *boost::unit_test::label("alone"))

BOOST_AUTO_TEST_CASE(are_refused_above_the_limit_and_nobody_is_killed) {
  BOOST_TEST_REQUIRE(write_text(top_group + "/cgroup.subtree_control", "+hugetlb"));
  in_child([] {
    const control_group group;
    group.write("hugetlb.2MB.max", std::to_string(2_MiB));
    const moved_into there(group);
    for (const placement& where : {placement::unbound(), placement::bind({usable_list().at(0)})}) {
      BOOST_TEST_INFO(where);
      area a(where, {.page_kind = page_kind::huge_2mb, .fallback = page_fallback::strict});
      BOOST_CHECK_EXCEPTION(static_cast<void>(a.allocate(4_MiB)), allocation_error,
                            with_code(errc::no_huge_pages).saying("hugetlb.2MB.max"));
      void* const p = a.allocate(2_MiB);
      std::memset(p, 1, 2_MiB);
      a.deallocate(p, 2_MiB);
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
