// shared_segment: its creator is killed at every one of its system calls.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include <csignal>
#include <functional>
#include <system_error>

#include "support/child.hpp"
#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/preconditions.hpp"
#include "support/print.hpp"
#include "support/require.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(death_of_a_creator, *boost::unit_test::precondition(may_trace))

enum class death { killed, ended };

/// Runs body in a child, which is killed at its n-th stop: each system call has two, before and after.
death die_at_stop(int n, const std::function<void()>& body) {
  const pid_t child = start([&] {
    require(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0, "ptrace");
    ::raise(SIGSTOP);
    body();
  });
  int status = 0;
  BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST_REQUIRE(WIFSTOPPED(status), "no child to trace: " << status);
  for (int stop = 0; stop < n; ++stop) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) break;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status)) continue;
    // It could make its segment.
    BOOST_TEST(WEXITSTATUS(status) == 0);
    return death::ended;
  }
  BOOST_TEST(::kill(child, SIGKILL) == 0);
  BOOST_TEST(::waitpid(child, &status, 0) == child);
  BOOST_TEST(WIFSIGNALED(status));
  return death::killed;
}

/// Calls look() after each of the deaths that there are.
template <class Look>
void for_every_death(const std::function<void()>& body, Look look) {
  constexpr int too_many = 10'000;
  topology::system();
  for (int n = 1; n < too_many; ++n) {
    BOOST_TEST_CONTEXT("at stop " << n) {
      const death how = die_at_stop(n, body);
      look();
      if (has_failed()) return;
      if (how == death::ended) {
        BOOST_TEST_MESSAGE(n - 1 << " stops");
        return;
      }
    }
  }
  BOOST_ERROR("no end of system calls");
}

BOOST_AUTO_TEST_CASE(leaves_a_whole_file_or_none) {
  for (const auto commit : {commit::lazy, commit::eager}) {
    const own_name name;
    const auto make = [&] {
      return shared_segment::create(name, 64_KiB, placement::local(), {.commit = commit});
    };
    const std::size_t before = shared_files("").size();
    int whole = 0;
    int none = 0;
    const auto look = [&] {
      if (exists(name.path())) {
        ++whole;
        const shared_segment s = shared_segment::open(name);
        BOOST_TEST(s.size() == 64_KiB);
        BOOST_TEST(s.where() == placement::local());
        BOOST_CHECK_EXCEPTION(make(), error, with_code(errc::name_in_use));
        BOOST_TEST(shared_segment::remove(name));
      } else {
        ++none;
      }
      BOOST_TEST(make().created());
      BOOST_TEST(shared_segment::remove(name));
    };
    for_every_death([&] { make(); }, look);
    BOOST_TEST(whole > 0);
    BOOST_TEST(none > 0);
    // Others' files come and go; what each death left would stay.
    const std::size_t deaths = static_cast<std::size_t>(whole) + static_cast<std::size_t>(none);
    BOOST_TEST(comes_true([&] { return shared_files("").size() < before + deaths / 2; }));
  }
}

BOOST_AUTO_TEST_CASE(of_a_memfd_leaves_nothing) {
  const std::size_t before = meminfo("Shmem");
  for_every_death(
      [] {
        shared_segment::create("", 1_MiB, placement::local(),
                               {.backend = segment_backend::memfd, .commit = commit::eager});
      },
      [] {});
  // Others' shared memory comes and goes; what each death left would stay.
  BOOST_TEST_INFO(meminfo("Shmem") << " bytes at the end, " << before << " before");
  BOOST_TEST(comes_true([&] { return meminfo("Shmem") < before + 64_MiB; }));
}

BOOST_AUTO_TEST_CASE(of_a_system_v_segment_leaves_none_a_whole_one_or_one_that_is_replaced) {
  for (const auto commit : {commit::lazy, commit::eager}) {
    const own_name name(way::sysv_key);
    const attach_options how{.backend = segment_backend::sysv};
    const auto make = [&] {
      return shared_segment::create(name, 64_KiB, placement::local(),
                                    {.backend = segment_backend::sysv, .commit = commit});
    };
    int none = 0;
    int unfinished = 0;
    int whole = 0;
    const auto look = [&] {
      const int id = ::shmget(name.key(), 0, 0);
      const std::error_code e = code_thrown([&] { (void)shared_segment::open(name, how); });
      bool listed = false;
      for (const segment_info& info : shared_segment::list()) listed |= id >= 0 && info.id == id;
      BOOST_TEST(listed == (id >= 0));
      if (e == errc::no_such_segment) {
        ++none;
        BOOST_TEST(id < 0);
      } else if (e == errc::not_ready) {
        ++unfinished;
      } else {
        ++whole;
        BOOST_TEST(e == std::error_code());
        BOOST_TEST(shared_segment::open(name, how).where() == placement::local());
        BOOST_CHECK_EXCEPTION(make(), error, with_code(errc::name_in_use));
        BOOST_TEST(shared_segment::remove(name, how));
      }
      BOOST_TEST(make().created());
      BOOST_TEST(shared_segment::open(name, how).size() == 64_KiB);
      BOOST_TEST(shared_segment::remove(name, how));
    };
    for_every_death([&] { make(); }, look);
    BOOST_TEST_MESSAGE(none << " deaths without a segment, " << unfinished << " with an unfinished, " << whole
                            << " with a whole one");
    BOOST_TEST(none > 0);
    BOOST_TEST(unfinished > 0);
    BOOST_TEST(whole > 0);
  }
}

BOOST_AUTO_TEST_CASE(lets_open_or_create_go_on_at_once) {
  const own_name name(way::sysv_key);
  const auto get = [&] {
    return shared_segment::open_or_create(name, 64_KiB, placement::local(),
                                          {.backend = segment_backend::sysv});
  };
  int replaced = 0;
  for (int n = 1; n < 400; n += 7) {
    const death how = die_at_stop(n, [&] { get(); });
    replaced += get().created() ? 1 : 0;
    shared_segment::remove(name, {.backend = segment_backend::sysv, .foreign = foreign_memory::accept});
    if (how == death::ended) break;
  }
  BOOST_TEST(replaced > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
