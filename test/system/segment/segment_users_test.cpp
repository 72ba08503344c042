// shared_segment: segments of other users, and of no acre.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>

#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/named_cases.hpp"
#include "support/preconditions.hpp"
#include "support/print.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

node_id some_node() { return topology::system().default_nodes().first(); }

/// Runs body as somebody without rights.
template <class F>
void as_nobody(F body) {
  in_child([&] {
    BOOST_TEST_REQUIRE(::setgid(nobody) == 0);
    BOOST_TEST_REQUIRE(::setuid(nobody) == 0);
    body();
  });
}

BOOST_AUTO_TEST_SUITE(other_users, *boost::unit_test::precondition(is_root) * named_cases(named_ways))

BOOST_DATA_TEST_CASE(see_nothing_of_a_private_segment, named_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(4096);
  as_nobody([&] {
    for (const segment_owner owner : {segment_owner::self, segment_owner::any}) {
      const attach_options how = maker.found_by({.owner = owner});
      BOOST_CHECK_EXCEPTION((void)shared_segment::open(maker.name(), how), error,
                            with_code(errc::permission_denied));
      BOOST_CHECK_EXCEPTION(shared_segment::remove(maker.name(), how), error,
                            with_code(errc::permission_denied));
    }
    BOOST_CHECK_EXCEPTION(maker.make(4096), error, with_code(errc::name_in_use));
    for (const segment_info& info : shared_segment::list()) BOOST_TEST(info.name != maker.name().text());
  });
  BOOST_TEST(shared_segment::open(maker.name(), maker.found_by()));
}

BOOST_DATA_TEST_CASE(see_a_public_segment_only_if_they_take_anybodys, named_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(4096, placement::unbound(), {.mode = 0666});
  as_nobody([&] {
    BOOST_CHECK_EXCEPTION((void)shared_segment::open(maker.name(), maker.found_by()), error,
                          with_code(errc::permission_denied));
    BOOST_CHECK_EXCEPTION(shared_segment::remove(maker.name(), maker.found_by()), error,
                          with_code(errc::permission_denied));
    const attach_options any = maker.found_by({.owner = segment_owner::any});
    const shared_segment t = shared_segment::open(maker.name(), any);
    static_cast<char*>(t.data())[0] = 'x';
    BOOST_TEST(t.resident().resident() == 1U);
    BOOST_CHECK_EXCEPTION(shared_segment::remove(maker.name(), any), error,
                          with_code(errc::permission_denied));
  });
  BOOST_TEST(static_cast<char*>(s.data())[0] == 'x');
  BOOST_TEST(shared_segment::open(maker.name(), maker.found_by()));
}

BOOST_DATA_TEST_CASE(see_a_readable_segment_for_reading, named_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(4096, placement::unbound(), {.mode = 0644});
  static_cast<char*>(s.data())[0] = 'x';
  as_nobody([&] {
    attach_options any = maker.found_by({.owner = segment_owner::any});
    BOOST_CHECK_EXCEPTION((void)shared_segment::open(maker.name(), any), error,
                          with_code(errc::permission_denied));
    any.access = access::read_only;
    const shared_segment t = shared_segment::open(maker.name(), any);
    BOOST_TEST(static_cast<const char*>(t.data())[0] == 'x');
    // What the kernel does not tell them is an error, not a guess.
    const std::error_code e = code_thrown([&] { BOOST_TEST(t.resident().resident() == 1U); });
    BOOST_TEST((e == std::error_code() || e == errc::permission_denied), e.message());
    bool listed = false;
    for (const segment_info& info : shared_segment::list())
      listed |= info.name == maker.name().text() || info.id == t.id();
    BOOST_TEST(listed);
  });
}

BOOST_DATA_TEST_CASE(may_make_segments_of_their_own, named_ways, w) {
  as_nobody([&] {
    segment_maker maker(w);
    shared_segment s = maker.make(1_MiB, placement::bind({some_node()}), {.commit = commit::eager});
    BOOST_TEST(s.check());
    BOOST_TEST(shared_segment::open(maker.name(), maker.found_by()));
    BOOST_TEST(shared_segment::remove(maker.name(), maker.found_by()));
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(what_is_no_segment)

BOOST_AUTO_TEST_CASE(is_refused_and_left_alone) {
  const own_name name;
  const auto expect_refused = [&](const char* what) {
    BOOST_TEST_CONTEXT(what) {
      for (const auto access : {access::read_write, access::read_only})
        BOOST_CHECK_EXCEPTION((void)shared_segment::open(name, {.access = access}), error,
                              with_code(errc::foreign_segment));
      BOOST_CHECK_EXCEPTION(shared_segment::remove(name), error, with_code(errc::foreign_segment));
      BOOST_CHECK_EXCEPTION(shared_segment::create(name, 4096, placement::unbound()), error,
                            with_code(errc::name_in_use));
      BOOST_CHECK_EXCEPTION(shared_segment::open_or_create(name, 4096, placement::unbound()), error,
                            with_code(errc::foreign_segment));
      for (const segment_info& info : shared_segment::list()) BOOST_TEST(info.name != name.text());
      BOOST_TEST(exists(name.path()));
    }
  };
  BOOST_TEST_REQUIRE(::symlink("/etc/passwd", name.path().c_str()) == 0);
  expect_refused("symbolic link");
  ::unlink(name.path().c_str());
  BOOST_TEST_REQUIRE(::symlink("nowhere", name.path().c_str()) == 0);
  expect_refused("dangling link");
  ::unlink(name.path().c_str());
  BOOST_TEST_REQUIRE(::mkfifo(name.path().c_str(), 0600) == 0);
  expect_refused("FIFO");
  ::unlink(name.path().c_str());
  BOOST_TEST_REQUIRE(::mkdir(name.path().c_str(), 0700) == 0);
  expect_refused("directory");
  ::rmdir(name.path().c_str());
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::strncpy(address.sun_path, name.path().c_str(), sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  BOOST_TEST_REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  expect_refused("socket");
  ::close(socket);
  ::unlink(name.path().c_str());
  for (const std::size_t bytes : {0U, 1U, 4095U, 4096U, 8192U, 100'000U}) {
    write_file(name.path(), std::string(bytes, 'x'));
    expect_refused("plain file");
    write_file(name.path(), std::string(bytes, '\0'));
    expect_refused("blank file");
  }
}

BOOST_AUTO_TEST_CASE(may_be_taken_as_it_is) {
  const own_name name;
  write_file(name.path(), std::string(10'000, 'x'));
  shared_segment s = shared_segment::open(name, {.foreign = foreign_memory::accept});
  BOOST_TEST(s.is_foreign());
  BOOST_TEST(s.size() == 10'000U);
  BOOST_TEST(static_cast<char*>(s.data())[9'999] == 'x');
  BOOST_TEST(s.where_text() == "");
  BOOST_TEST(!s.where());
  BOOST_TEST(s.creator_address() == nullptr);
  BOOST_CHECK_EXCEPTION((void)s.check(), error, with_code(errc::unsupported_placement));
  BOOST_CHECK_EXCEPTION(again(s, {.at = attach_at::creator_address, .foreign = foreign_memory::accept}),
                        error, with_code(errc::foreign_segment));
  BOOST_CHECK_EXCEPTION(again(s, {.foreign = foreign_memory::accept, .shrinking = shrinking::refuse}), error,
                        with_code(errc::not_sealed));
  write_file(name.path(), "");
  BOOST_CHECK_EXCEPTION((void)shared_segment::open(name, {.foreign = foreign_memory::accept}), error,
                        with_code(errc::foreign_segment));
  BOOST_TEST(shared_segment::remove(name, {.foreign = foreign_memory::accept}));
  BOOST_TEST(!exists(name.path()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(foreign_memory)
using acre::foreign_memory;

/// All of it is data, and it can be placed.
void expect_usable(shared_segment s, std::size_t bytes) {
  BOOST_TEST(s.is_foreign());
  BOOST_TEST(s.size() == bytes);
  const auto where = placement::bind({some_node()});
  BOOST_TEST(s.bind(where).untouched == (bytes + 4095) / 4096);
  BOOST_TEST(policy_at(s.data()) == (kernel_policy{mpol::bind, {some_node()}}));
  std::memset(s.data(), 'x', s.size());
  BOOST_TEST(check(s.data(), s.size(), where));
  BOOST_CHECK_EXCEPTION(s.bind(where), error, with_code(errc::already_populated));
  BOOST_TEST(s.bind(where, {.existing = existing_pages::migrate}).failed() == 0U);
}

BOOST_AUTO_TEST_CASE(of_a_memfd_can_be_placed_and_is_all_data) {
  for (const std::size_t bytes : {1_MiB, std::size_t{10'000}, std::size_t{100}}) {
    const int file = ::memfd_create("foreign", MFD_CLOEXEC);
    BOOST_TEST_REQUIRE(::ftruncate(file, static_cast<off_t>(bytes)) == 0);
    BOOST_CHECK_EXCEPTION((void)shared_segment::attach(file), error, with_code(errc::foreign_segment));
    expect_usable(shared_segment::attach(file, {.foreign = foreign_memory::accept}), bytes);
    ::close(file);
  }
}

BOOST_AUTO_TEST_CASE(of_system_v_can_be_placed_and_is_all_data) {
  for (const std::size_t bytes : {1_MiB, std::size_t{10'000}, std::size_t{100}}) {
    const int id = ::shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
    BOOST_CHECK_EXCEPTION((void)shared_segment::attach_id(id), error, with_code(errc::foreign_segment));
    expect_usable(shared_segment::attach_id(id, {.foreign = foreign_memory::accept}), bytes);
    BOOST_TEST(::shmctl(id, IPC_RMID, nullptr) == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(descriptors)
using acre::foreign_memory;

BOOST_AUTO_TEST_CASE(that_keep_no_policies_are_refused) {
  BOOST_CHECK_EXCEPTION((void)shared_segment::attach(-1), error, with_code(errc::invalid_argument));
  const int file = ::open("/", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) {
    BOOST_TEST_REQUIRE(::ftruncate(file, 8192) == 0);
    for (const auto foreign : {foreign_memory::refuse, foreign_memory::accept})
      BOOST_CHECK_EXCEPTION((void)shared_segment::attach(file, {.foreign = foreign}), error,
                            with_code(errc::invalid_argument));
    ::close(file);
  } else {
    std::puts("not tested: a file of a disk, / has no O_TMPFILE");
  }
  BOOST_CHECK_EXCEPTION((void)shared_segment::attach(file), error, with_code(errc::invalid_argument));
  const int binary = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  BOOST_CHECK_EXCEPTION((void)shared_segment::attach(binary, {.access = access::read_only}), error,
                        with_code(errc::invalid_argument));
  ::close(binary);
  int pipe[2];
  BOOST_TEST_REQUIRE(::pipe(pipe) == 0);
  BOOST_CHECK_EXCEPTION((void)shared_segment::attach(pipe[0], {.access = access::read_only}), error,
                        with_code(errc::foreign_segment));
  ::close(pipe[0]);
  ::close(pipe[1]);
}

BOOST_AUTO_TEST_CASE(decide_what_may_be_done) {
  segment_maker maker(way::posix);
  const shared_segment s = maker.make(4096);
  const auto attach = [&](int flags, access a) {
    const int file = ::open(maker.name().path().c_str(), flags | O_CLOEXEC);
    const auto closed_at_the_end = std::shared_ptr<void>(nullptr, [file](void*) { ::close(file); });
    (void)shared_segment::attach(file, {.access = a});
  };
  const with_code denied(errc::permission_denied);
  BOOST_CHECK_NO_THROW(attach(O_RDWR, access::read_write));
  BOOST_CHECK_NO_THROW(attach(O_RDWR, access::read_only));
  BOOST_CHECK_NO_THROW(attach(O_RDONLY, access::read_only));
  BOOST_CHECK_EXCEPTION(attach(O_RDONLY, access::read_write), error, denied);
  BOOST_CHECK_EXCEPTION(attach(O_WRONLY, access::read_write), error, denied);
  BOOST_CHECK_EXCEPTION(attach(O_WRONLY, access::read_only), error, denied);
  BOOST_CHECK_EXCEPTION(attach(O_PATH, access::read_write), error, denied);
  BOOST_CHECK_EXCEPTION(attach(O_PATH, access::read_only), error, denied);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(read_only_segments, *named_cases(all_ways))

BOOST_DATA_TEST_CASE(can_be_read_and_looked_at_and_no_more, all_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(64_KiB, placement::bind({some_node()}));
  static_cast<char*>(s.data())[0] = 'x';
  shared_segment t = again(s, {.access = access::read_only});
  BOOST_TEST(static_cast<const char*>(t.data())[0] == 'x');
  BOOST_CHECK_EXCEPTION(t.bind(placement::local()), error, with_code(errc::permission_denied));
  BOOST_TEST(t.resident().resident() == 1U);
  BOOST_TEST(t.check());
  BOOST_CHECK_THROW(t.prefault(), error);
  BOOST_TEST(t.resident().resident() == 1U);
  // The kernel refuses to make it writable where the descriptor is not.
  const child_end end = end_of_child([&] {
    ::signal(SIGSEGV, SIG_DFL);
    *static_cast<volatile char*>(t.data()) = 'y';
  });
  BOOST_TEST((WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSEGV), "status " << end.status);
  BOOST_TEST(static_cast<const char*>(t.data())[0] == 'x');
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
