// shared_segment: its creator is killed at every one of its system calls.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "support/segments.hpp"
#include "support/throws.hpp"

namespace acre {
namespace {

using test::code_thrown;
using test::own_name;
using test::way;

enum class death { killed, ended, not_permitted };

/// Runs body in a child, which is killed at its n-th stop: each system call has two, before and after.
death die_at_stop(int n, const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(77);
    ::raise(SIGSTOP);
    try {
      body();
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) return death::not_permitted;
  for (int stop = 0; stop < n; ++stop) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) break;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    if (!WIFEXITED(status)) continue;
    EXPECT_EQ(WEXITSTATUS(status), 0) << "the child could not make its segment";
    return death::ended;
  }
  EXPECT_EQ(::kill(child, SIGKILL), 0);
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  return death::killed;
}

/// Calls look() after each of the deaths that there are.
/// \returns false if this process may not trace others
template <class Look>
bool for_every_death(const std::function<void()>& body, Look look) {
  constexpr int too_many = 10'000;
  topology::system();
  for (int n = 1; n < too_many; ++n) {
    const death how = die_at_stop(n, body);
    if (how == death::not_permitted) return false;
    look();
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "at stop " << n;
      return true;
    }
    if (how == death::ended) {
      std::printf("%d stops\n", n - 1);
      return true;
    }
  }
  ADD_FAILURE() << "no end of system calls";
  return true;
}

void skip() { std::printf("not tested: ptrace is not permitted here: %s\n", std::strerror(errno)); }

TEST(death_of_a_creator, leaves_a_whole_file_or_none) {
  for (const auto commit : {commit::lazy, commit::eager}) {
    const own_name name;
    const auto make = [&] {
      return shared_segment::create(name, 64_KiB, placement::local(), {.commit = commit});
    };
    const std::size_t before = test::shared_files("").size();
    int whole = 0;
    int none = 0;
    const auto look = [&] {
      if (test::exists(name.path())) {
        ++whole;
        const shared_segment s = shared_segment::open(name);
        EXPECT_EQ(s.size(), 64_KiB);
        EXPECT_EQ(s.where(), placement::local());
        EXPECT_EQ(code_thrown(make), errc::name_in_use);
        EXPECT_TRUE(shared_segment::remove(name));
      } else {
        ++none;
      }
      // Others' files come and go; a file that each death left would be seen.
      EXPECT_LT(test::shared_files("").size(), before + 10);
      EXPECT_TRUE(make().created());
      EXPECT_TRUE(shared_segment::remove(name));
    };
    if (!for_every_death([&] { make(); }, look)) return skip();
    EXPECT_GT(whole, 0);
    EXPECT_GT(none, 0);
  }
}

TEST(death_of_a_creator, of_a_memfd_leaves_nothing) {
  const std::size_t before = test::meminfo("Shmem");
  const bool traced = for_every_death(
      [] {
        shared_segment::create("", 1_MiB, placement::local(),
                               {.backend = segment_backend::memfd, .commit = commit::eager});
      },
      [] {});
  if (!traced) return skip();
  EXPECT_LT(test::meminfo("Shmem"), before + 64_MiB);
}

TEST(death_of_a_creator, of_a_system_v_segment_leaves_none_a_whole_one_or_one_that_is_replaced) {
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
      const std::error_code e = code_thrown([&] { shared_segment::open(name, how); });
      bool listed = false;
      for (const segment_info& info : shared_segment::list()) listed |= id >= 0 && info.id == id;
      EXPECT_EQ(listed, id >= 0);
      if (e == errc::no_such_segment) {
        ++none;
        EXPECT_LT(id, 0);
      } else if (e == errc::not_ready) {
        ++unfinished;
      } else {
        ++whole;
        EXPECT_EQ(e, std::error_code());
        EXPECT_EQ(shared_segment::open(name, how).where(), placement::local());
        EXPECT_EQ(code_thrown(make), errc::name_in_use);
        EXPECT_TRUE(shared_segment::remove(name, how));
      }
      EXPECT_TRUE(make().created());
      EXPECT_EQ(shared_segment::open(name, how).size(), 64_KiB);
      EXPECT_TRUE(shared_segment::remove(name, how));
    };
    if (!for_every_death([&] { make(); }, look)) return skip();
    std::printf("%d deaths without a segment, %d with an unfinished, %d with a whole one\n", none, unfinished,
                whole);
    EXPECT_GT(none, 0);
    EXPECT_GT(unfinished, 0);
    EXPECT_GT(whole, 0);
  }
}

TEST(death_of_a_creator, lets_open_or_create_go_on_at_once) {
  const own_name name(way::sysv_key);
  const auto get = [&] {
    return shared_segment::open_or_create(name, 64_KiB, placement::local(),
                                          {.backend = segment_backend::sysv});
  };
  int replaced = 0;
  for (int n = 1; n < 400; n += 7) {
    const death how = die_at_stop(n, [&] { get(); });
    if (how == death::not_permitted) return skip();
    replaced += get().created() ? 1 : 0;
    shared_segment::remove(name, {.backend = segment_backend::sysv, .foreign = foreign_memory::accept});
    if (how == death::ended) break;
  }
  EXPECT_GT(replaced, 0);
}

}  // namespace
}  // namespace acre
