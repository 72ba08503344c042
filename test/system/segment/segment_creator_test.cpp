// Creators of segments that cannot be seen from where one looks: unknown is not dead.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "sys/processes.hpp"

#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/preconditions.hpp"
#include "support/print.hpp"
#include "support/require.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

using boost::unit_test::precondition;
using sys::process_state;

std::optional<creator_state> listed_state(const own_name& name) {
  const int id = name.kind() == way::posix ? -1 : ::shmget(name.key(), 0, 0);
  for (const segment_info& info : shared_segment::list()) {
    if (name.kind() == way::posix ? info.name == name.text() : id >= 0 && info.id == id) return info.state;
  }
  return std::nullopt;
}

/// As a creator leaves it that is in the middle of its work: with the mark that sysv_object.cpp gives it.
void begin_segment(const own_name& name) {
  require(::shmget(name.key(), 8192, IPC_CREAT | IPC_EXCL | 0600 | 0011) >= 0, "shmget");
}

BOOST_AUTO_TEST_SUITE(unseen_creators, *precondition(may_make_namespaces))

BOOST_AUTO_TEST_CASE(in_other_pid_namespaces_keep_their_unfinished_segments) {
  const own_name name(way::sysv_key);
  const attach_options how{.backend = segment_backend::sysv};
  // Alive all the time; those below do not see it.
  begin_segment(name);
  const int id = ::shmget(name.key(), 0, 0);
  in_namespaces(CLONE_NEWPID, [&] {
    BOOST_TEST((listed_state(name) == creator_state::unknown));
    BOOST_CHECK_EXCEPTION(shared_segment::create(name, 4096, placement::local(), {.backend = how.backend}),
                          error, with_code(errc::name_in_use));
    BOOST_CHECK_EXCEPTION((void)shared_segment::open(name, how), error,
                          with_code(errc::not_ready).saying("another PID namespace"));
    BOOST_CHECK_EXCEPTION(shared_segment::remove(name, how), error, with_code(errc::not_ready));
    BOOST_CHECK_EXCEPTION(shared_segment::remove_id(id, how), error, with_code(errc::not_ready));
  });
  BOOST_TEST(::shmget(name.key(), 0, 0) == id);
  BOOST_TEST((listed_state(name) == creator_state::alive));
  // Whoever knows better can say so.
  in_namespaces(CLONE_NEWPID, [&] {
    BOOST_TEST(shared_segment::remove(name, {.backend = how.backend, .foreign = foreign_memory::accept}));
  });
}

BOOST_AUTO_TEST_CASE(in_sight_that_died_leave_what_is_replaced) {
  const own_name name(way::sysv_key);
  in_child([&] { begin_segment(name); });
  BOOST_TEST((listed_state(name) == creator_state::gone));
  BOOST_TEST(
      shared_segment::create(name, 4096, placement::local(), {.backend = segment_backend::sysv}).created());
}

/// What list() says of a living creator, and of one that has a place of its own.
void expect_not_gone(int namespaces, const std::function<void()>& settle) {
  for (const way w : named_ways) {
    const own_name name(w);
    const auto live = [&] {
      settle();
      return shared_segment::create(name, 4096, placement::local(), {.backend = name.backend()});
    };
    std::optional<shared_segment> s;
    companion creator([&] {
      if (namespaces != 0) require(::unshare(namespaces) == 0, "unshare");
      s = live();
    });
    const auto state = listed_state(name);
    BOOST_TEST_CONTEXT(w) {
      BOOST_TEST_REQUIRE(state.has_value());
      BOOST_TEST(*state != creator_state::gone);
    }
    BOOST_TEST(creator.end_well());
  }
}

BOOST_AUTO_TEST_CASE(are_not_gone_where_proc_shows_another_namespace) {
  in_namespaces(CLONE_NEWPID, [] {
    // This process sees /proc of the namespace above, its child one of their own.
    expect_not_gone(CLONE_NEWNS, [] {
      require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount");
      require(::mount("proc", "/proc", "proc", 0, nullptr) == 0, "mount");
    });
  });
}

BOOST_AUTO_TEST_CASE(are_not_gone_where_there_is_no_proc) {
  in_namespaces(CLONE_NEWNS, [] {
    require(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount");
    topology::system();
    require(::mount("none", "/proc", "tmpfs", 0, nullptr) == 0, "mount");
    BOOST_TEST((sys::state_of_process(::getpid()) == process_state::alive));
    BOOST_TEST((sys::state_of_process(::getppid()) == process_state::alive));
  });
}

BOOST_AUTO_TEST_CASE(are_not_gone_because_their_clock_differs) {
  constexpr int new_time_namespace = 0x80;  // CLONE_NEWTIME, which glibc 2.36 does not have
  in_child([&] {
    // Children have the new one.
    if (::unshare(new_time_namespace) != 0) {
      std::puts("not tested: this kernel has no time namespaces");
      return;
    }
    const int file = ::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    constexpr char offset[] = "boottime 100000 0\n";
    require(::write(file, offset, sizeof offset - 1) == sizeof offset - 1, "write");
    ::close(file);
    expect_not_gone(0, [] {});
  });
}

/// What is looked up once is what a look finds now.
void expect_own_identity() {
  for (int time = 0; time < 2; ++time) {
    const sys::process_identity own = sys::own_identity();
    BOOST_TEST(own.number == ::getpid());
    BOOST_TEST(own.start == sys::process_start(::getpid()).value_or(0));
    BOOST_TEST(own.where == sys::process_namespace());
  }
}

BOOST_AUTO_TEST_CASE(know_themselves_in_children_that_have_the_number_of_their_parent) {
  expect_own_identity();
  in_namespaces(CLONE_NEWPID, [] {
    expect_own_identity();
    BOOST_TEST(::getpid() == 1);
    in_namespaces(CLONE_NEWPID, [] {
      BOOST_TEST(::getpid() == 1);
      expect_own_identity();
    });
  });
}

BOOST_AUTO_TEST_CASE(are_what_a_number_is_that_the_kernel_does_not_give) {
  BOOST_TEST((sys::state_of_process(0) == process_state::unknown));
  BOOST_TEST((sys::state_of_process(-1) == process_state::unknown));
  BOOST_TEST((sys::state_of_process(::getpid()) == process_state::alive));
  const pid_t child = start([] {});
  siginfo_t ended{};
  BOOST_TEST_REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
  BOOST_TEST((sys::state_of_process(child) == process_state::gone));
  expect_success(child);
  BOOST_TEST((sys::state_of_process(child) == process_state::gone));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
