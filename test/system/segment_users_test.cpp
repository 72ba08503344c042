// shared_segment: segments of other users, and of no acre.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/segments.hpp"
#include "support/throws.hpp"

namespace acre {
namespace {

using test::again;
using test::code_thrown;
using test::in_child;
using test::own_name;
using test::segment_maker;
using test::way;

node_id some_node() { return topology::system().default_nodes().first(); }

class other_users : public testing::TestWithParam<way> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  }
};
INSTANTIATE_TEST_SUITE_P(see, other_users, testing::ValuesIn(test::named_ways),
                         testing::PrintToStringParamName());

/// Runs body as somebody without rights.
template <class F>
void as_nobody(F body) {
  in_child([&] {
    ASSERT_EQ(::setgid(test::nobody), 0);
    ASSERT_EQ(::setuid(test::nobody), 0);
    body();
  });
}

TEST_P(other_users, nothing_of_a_private_segment) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(4096);
  as_nobody([&] {
    for (const segment_owner owner : {segment_owner::self, segment_owner::any}) {
      const attach_options how = maker.found_by({.owner = owner});
      EXPECT_EQ(code_thrown([&] { shared_segment::open(maker.name(), how); }), errc::permission_denied);
      EXPECT_EQ(code_thrown([&] { shared_segment::remove(maker.name(), how); }), errc::permission_denied);
    }
    EXPECT_EQ(code_thrown([&] { maker.make(4096); }), errc::name_in_use);
    for (const segment_info& info : shared_segment::list()) EXPECT_NE(info.name, maker.name().text());
  });
  EXPECT_TRUE(shared_segment::open(maker.name(), maker.found_by()));
}

TEST_P(other_users, a_public_segment_only_if_they_take_anybodys) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(4096, placement::unbound(), {.mode = 0666});
  as_nobody([&] {
    EXPECT_EQ(code_thrown([&] { shared_segment::open(maker.name(), maker.found_by()); }),
              errc::permission_denied);
    EXPECT_EQ(code_thrown([&] { shared_segment::remove(maker.name(), maker.found_by()); }),
              errc::permission_denied);
    const attach_options any = maker.found_by({.owner = segment_owner::any});
    const shared_segment t = shared_segment::open(maker.name(), any);
    static_cast<char*>(t.data())[0] = 'x';
    EXPECT_EQ(t.resident().resident(), 1U);
    EXPECT_EQ(code_thrown([&] { shared_segment::remove(maker.name(), any); }), errc::permission_denied);
  });
  EXPECT_EQ(static_cast<char*>(s.data())[0], 'x');
  EXPECT_TRUE(shared_segment::open(maker.name(), maker.found_by()));
}

TEST_P(other_users, a_readable_segment_for_reading) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(4096, placement::unbound(), {.mode = 0644});
  static_cast<char*>(s.data())[0] = 'x';
  as_nobody([&] {
    attach_options any = maker.found_by({.owner = segment_owner::any});
    EXPECT_EQ(code_thrown([&] { shared_segment::open(maker.name(), any); }), errc::permission_denied);
    any.access = access::read_only;
    const shared_segment t = shared_segment::open(maker.name(), any);
    EXPECT_EQ(static_cast<const char*>(t.data())[0], 'x');
    // What the kernel does not tell them is an error, not a guess.
    const std::error_code e = code_thrown([&] { EXPECT_EQ(t.resident().resident(), 1U); });
    EXPECT_TRUE(e == std::error_code() || e == errc::permission_denied) << e.message();
    bool listed = false;
    for (const segment_info& info : shared_segment::list())
      listed |= info.name == maker.name().text() || info.id == t.id();
    EXPECT_TRUE(listed);
  });
}

TEST_P(other_users, may_make_segments_of_their_own) {
  as_nobody([] {
    segment_maker maker(GetParam());
    shared_segment s = maker.make(1_MiB, placement::bind({some_node()}), {.commit = commit::eager});
    EXPECT_TRUE(s.check());
    EXPECT_TRUE(shared_segment::open(maker.name(), maker.found_by()));
    EXPECT_TRUE(shared_segment::remove(maker.name(), maker.found_by()));
  });
}

TEST(what_is_no_segment, is_refused_and_left_alone) {
  const own_name name;
  const auto expect_refused = [&](const char* what) {
    for (const auto access : {access::read_write, access::read_only})
      EXPECT_EQ(code_thrown([&] { shared_segment::open(name, {.access = access}); }), errc::foreign_segment)
          << what;
    EXPECT_EQ(code_thrown([&] { shared_segment::remove(name); }), errc::foreign_segment) << what;
    EXPECT_EQ(code_thrown([&] { shared_segment::create(name, 4096, placement::unbound()); }),
              errc::name_in_use)
        << what;
    EXPECT_EQ(code_thrown([&] { shared_segment::open_or_create(name, 4096, placement::unbound()); }),
              errc::foreign_segment)
        << what;
    for (const segment_info& info : shared_segment::list()) EXPECT_NE(info.name, name.text()) << what;
    EXPECT_TRUE(test::exists(name.path())) << what;
  };
  ASSERT_EQ(::symlink("/etc/passwd", name.path().c_str()), 0);
  expect_refused("symbolic link");
  ::unlink(name.path().c_str());
  ASSERT_EQ(::symlink("nowhere", name.path().c_str()), 0);
  expect_refused("dangling link");
  ::unlink(name.path().c_str());
  ASSERT_EQ(::mkfifo(name.path().c_str(), 0600), 0);
  expect_refused("FIFO");
  ::unlink(name.path().c_str());
  ASSERT_EQ(::mkdir(name.path().c_str(), 0700), 0);
  expect_refused("directory");
  ::rmdir(name.path().c_str());
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::strncpy(address.sun_path, name.path().c_str(), sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  expect_refused("socket");
  ::close(socket);
  ::unlink(name.path().c_str());
  for (const std::size_t bytes : {0U, 1U, 4095U, 4096U, 8192U, 100'000U}) {
    test::write_file(name.path(), std::string(bytes, 'x'));
    expect_refused("plain file");
    test::write_file(name.path(), std::string(bytes, '\0'));
    expect_refused("blank file");
  }
}

TEST(what_is_no_segment, may_be_taken_as_it_is) {
  const own_name name;
  test::write_file(name.path(), std::string(10'000, 'x'));
  shared_segment s = shared_segment::open(name, {.foreign = foreign_memory::accept});
  EXPECT_TRUE(s.is_foreign());
  EXPECT_EQ(s.size(), 10'000U);
  EXPECT_EQ(static_cast<char*>(s.data())[9'999], 'x');
  EXPECT_EQ(s.where_text(), "");
  EXPECT_FALSE(s.where());
  EXPECT_EQ(s.creator_address(), nullptr);
  EXPECT_EQ(code_thrown([&] { s.check(); }), errc::unsupported_placement);
  EXPECT_EQ(
      code_thrown([&] { again(s, {.at = attach_at::creator_address, .foreign = foreign_memory::accept}); }),
      errc::foreign_segment);
  EXPECT_EQ(
      code_thrown([&] { again(s, {.foreign = foreign_memory::accept, .shrinking = shrinking::refuse}); }),
      errc::not_sealed);
  test::write_file(name.path(), "");
  EXPECT_EQ(code_thrown([&] { shared_segment::open(name, {.foreign = foreign_memory::accept}); }),
            errc::foreign_segment);
  EXPECT_TRUE(shared_segment::remove(name, {.foreign = foreign_memory::accept}));
  EXPECT_FALSE(test::exists(name.path()));
}

/// All of it is data, and it can be placed.
void expect_usable(shared_segment s, std::size_t bytes) {
  EXPECT_TRUE(s.is_foreign());
  EXPECT_EQ(s.size(), bytes);
  const auto where = placement::bind({some_node()});
  EXPECT_EQ(s.bind(where).untouched, (bytes + 4095) / 4096);
  EXPECT_EQ(test::policy_at(s.data()), (test::kernel_policy{test::mpol::bind, {some_node()}}));
  std::memset(s.data(), 'x', s.size());
  EXPECT_TRUE(check(where, s.data(), s.size()));
  EXPECT_EQ(code_thrown([&] { s.bind(where); }), errc::already_populated);
  EXPECT_EQ(s.bind(where, {.existing = existing_pages::migrate}).failed(), 0U);
}

TEST(foreign_memory, of_a_memfd_can_be_placed_and_is_all_data) {
  for (const std::size_t bytes : {1_MiB, std::size_t{10'000}, std::size_t{100}}) {
    const int file = ::memfd_create("foreign", MFD_CLOEXEC);
    ASSERT_EQ(::ftruncate(file, static_cast<off_t>(bytes)), 0);
    EXPECT_EQ(code_thrown([&] { shared_segment::attach(file); }), errc::foreign_segment);
    expect_usable(shared_segment::attach(file, {.foreign = foreign_memory::accept}), bytes);
    ::close(file);
  }
}

TEST(foreign_memory, of_system_v_can_be_placed_and_is_all_data) {
  for (const std::size_t bytes : {1_MiB, std::size_t{10'000}, std::size_t{100}}) {
    const int id = ::shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
    EXPECT_EQ(code_thrown([&] { shared_segment::attach_id(id); }), errc::foreign_segment);
    expect_usable(shared_segment::attach_id(id, {.foreign = foreign_memory::accept}), bytes);
    EXPECT_EQ(::shmctl(id, IPC_RMID, nullptr), 0);
  }
}

TEST(descriptors, that_keep_no_policies_are_refused) {
  EXPECT_EQ(code_thrown([] { shared_segment::attach(-1); }), errc::invalid_argument);
  const int file = ::open("/", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) {
    ASSERT_EQ(::ftruncate(file, 8192), 0);
    for (const auto foreign : {foreign_memory::refuse, foreign_memory::accept})
      EXPECT_EQ(code_thrown([&] { shared_segment::attach(file, {.foreign = foreign}); }),
                errc::invalid_argument);
    ::close(file);
  } else {
    std::printf("not tested: a file of a disk, / has no O_TMPFILE\n");
  }
  EXPECT_EQ(code_thrown([&] { shared_segment::attach(file); }), errc::invalid_argument);
  const int binary = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(code_thrown([&] { shared_segment::attach(binary, {.access = access::read_only}); }),
            errc::invalid_argument);
  ::close(binary);
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  EXPECT_EQ(code_thrown([&] { shared_segment::attach(pipe[0], {.access = access::read_only}); }),
            errc::foreign_segment);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(descriptors, decide_what_may_be_done) {
  segment_maker maker(way::posix);
  const shared_segment s = maker.make(4096);
  const auto attach = [&](int flags, access a) {
    const int file = ::open(maker.name().path().c_str(), flags | O_CLOEXEC);
    const std::error_code e = code_thrown([&] { shared_segment::attach(file, {.access = a}); });
    ::close(file);
    return e;
  };
  EXPECT_EQ(attach(O_RDWR, access::read_write), std::error_code());
  EXPECT_EQ(attach(O_RDWR, access::read_only), std::error_code());
  EXPECT_EQ(attach(O_RDONLY, access::read_only), std::error_code());
  EXPECT_EQ(attach(O_RDONLY, access::read_write), errc::permission_denied);
  EXPECT_EQ(attach(O_WRONLY, access::read_write), errc::permission_denied);
  EXPECT_EQ(attach(O_WRONLY, access::read_only), errc::permission_denied);
  EXPECT_EQ(attach(O_PATH, access::read_write), errc::permission_denied);
  EXPECT_EQ(attach(O_PATH, access::read_only), errc::permission_denied);
}

class read_only_segments : public testing::TestWithParam<way> {};
INSTANTIATE_TEST_SUITE_P(of, read_only_segments, testing::ValuesIn(test::all_ways),
                         testing::PrintToStringParamName());

TEST_P(read_only_segments, can_be_read_and_looked_at_and_no_more) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(64_KiB, placement::bind({some_node()}));
  static_cast<char*>(s.data())[0] = 'x';
  shared_segment t = again(s, {.access = access::read_only});
  EXPECT_EQ(static_cast<const char*>(t.data())[0], 'x');
  EXPECT_EQ(code_thrown([&] { t.bind(placement::local()); }), errc::permission_denied);
  EXPECT_EQ(t.resident().resident(), 1U);
  EXPECT_TRUE(t.check());
  EXPECT_TRUE(code_thrown([&] { t.prefault(); }));
  EXPECT_EQ(t.resident().resident(), 1U);
  // The kernel refuses to make it writable where the descriptor is not.
  int status = 0;
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGSEGV, SIG_DFL);
    *static_cast<volatile char*>(t.data()) = 'y';
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  EXPECT_EQ(static_cast<const char*>(t.data())[0], 'x');
}

}  // namespace
}  // namespace acre
