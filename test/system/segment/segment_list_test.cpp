// shared_segment::list(): what there is.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include "segment/segment_header.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/named_cases.hpp"
#include "support/preconditions.hpp"
#include "support/print.hpp"
#include "support/segments.hpp"
#include "support/text.hpp"

namespace acre::test {
namespace {

using boost::unit_test::precondition;

node_id some_node() { return topology::system().default_nodes().first(); }

std::optional<segment_info> listed(const own_name& name, int id = -1) {
  for (segment_info& info : shared_segment::list()) {
    if (name.backend() == segment_backend::sysv ? info.id == id : info.name == name.text())
      return std::move(info);
  }
  return std::nullopt;
}

constexpr std::array listed_ways{way::posix, way::sysv_key, way::sysv_private};

BOOST_AUTO_TEST_SUITE(listed_segments, *named_cases(listed_ways))

BOOST_DATA_TEST_CASE(have_all_that_is_known_of_them, listed_ways, w) {
  segment_maker maker(w);
  const placement where = placement::bind({some_node()});
  const shared_segment s = maker.make(1_MiB + 1, where, {.mode = 0640});
  static_cast<char*>(s.data())[0] = 1;
  const auto info = listed(maker.name(), s.id());
  BOOST_TEST_REQUIRE(info);
  BOOST_TEST(info->backend == s.backend());
  BOOST_TEST(info->id == s.id());
  BOOST_TEST(info->bytes == 1_MiB + 1);
  BOOST_TEST(info->page_kind == page_kind::system);
  BOOST_TEST(info->placement == where.to_string());
  BOOST_TEST(info->owner == ::geteuid());
  BOOST_TEST(info->mode == 0640U);
  BOOST_TEST(info->creator == ::getpid());
  BOOST_TEST(info->state == creator_state::alive);
  BOOST_TEST_REQUIRE(info->resident);
  BOOST_TEST(info->resident->pages == 1_MiB / base_page() + 1);
  BOOST_TEST(info->resident->on(some_node()) == 1U);
  const segment_info own = s.info();
  BOOST_TEST((own.name == info->name && own.id == info->id && own.placement == info->placement));
  BOOST_TEST((own.owner == info->owner && own.mode == info->mode && own.creator == info->creator));
  BOOST_TEST((own.bytes == info->bytes && own.state == info->state && own.resident == info->resident));
  std::ostringstream out;
  out << *info;
  BOOST_TEST(out.str() == info->to_string());
  BOOST_TEST(contains(out.str(), where.to_string()));
  BOOST_TEST(contains(out.str(), "alive"));
}

BOOST_DATA_TEST_CASE(can_be_opened_and_removed_by_the_name_they_are_listed_with, listed_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(4096);
  const auto info = listed(maker.name(), s.id());
  BOOST_TEST_REQUIRE(info);
  if (w == way::sysv_private) {
    BOOST_TEST(info->name == "private");
    BOOST_TEST(shared_segment::remove_id(info->id));
  } else {
    const attach_options how{.backend = info->backend};
    BOOST_TEST(shared_segment::open(info->name, how));
    BOOST_TEST(shared_segment::remove(info->name, how));
  }
  // A System V segment that was removed is there until nobody has it attached.
  if (w == way::posix) {
    BOOST_TEST(!listed(maker.name()));
  }
}

BOOST_DATA_TEST_CASE(get_no_page_by_being_listed, listed_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(4_MiB);
  static_cast<char*>(s.data())[3 * base_page()] = 1;
  const std::size_t before = object_pages(s);
  for (int n = 0; n < 3; ++n) {
    const auto info = listed(maker.name(), s.id());
    BOOST_TEST_REQUIRE(info);
    BOOST_TEST_REQUIRE(info->resident);
    BOOST_TEST(info->resident->resident() == 1U);
  }
  BOOST_TEST(object_pages(s) == before);
}

BOOST_DATA_TEST_CASE(tell_that_their_creator_is_gone, listed_ways, w) {
  segment_maker maker(w);
  int made[2];
  BOOST_TEST_REQUIRE(::pipe(made) == 0);
  const pid_t child = start([&] {
    const shared_segment s = maker.make(5000);
    const int id = s.id();
    ::_exit(::write(made[1], &id, sizeof id) == sizeof id ? 0 : 1);
  });
  ::close(made[1]);
  int id = -1;
  BOOST_TEST_REQUIRE(::read(made[0], &id, sizeof id) == static_cast<ssize_t>(sizeof id));
  ::close(made[0]);
  // Ended, and nobody waited for it yet.
  siginfo_t ended{};
  BOOST_TEST_REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
  for (const bool reaped : {false, true}) {
    if (reaped) expect_success(child);
    const auto info = listed(maker.name(), id);
    BOOST_TEST_CONTEXT((reaped ? "reaped" : "a zombie")) {
      BOOST_TEST_REQUIRE(info);
      BOOST_TEST(info->creator == child);
      BOOST_TEST(info->state == creator_state::gone);
      BOOST_TEST(info->bytes == 5000U);
    }
  }
  if (id >= 0) {
    BOOST_TEST(shared_segment::remove_id(id));
  }
}

BOOST_TEST_DECORATOR(*precondition(may_make_namespaces))
BOOST_DATA_TEST_CASE(of_creators_in_another_pid_namespace_have_unknown_ones, named_ways, w) {
  segment_maker maker(w);
  in_namespaces(CLONE_NEWPID, [&] {
    BOOST_TEST(::getpid() == 1);
    const shared_segment s = maker.make(4096);
    const auto info = listed(maker.name(), s.id());
    BOOST_TEST_REQUIRE(info);
    BOOST_TEST(info->state != creator_state::unknown);
  });
  bool found = false;
  for (const segment_info& info : shared_segment::list()) {
    const bool is_it = w == way::posix ? info.name == maker.name().text()
                                       : info.id >= 0 && info.id == ::shmget(maker.name().key(), 0, 0);
    if (!is_it) continue;
    found = true;
    BOOST_TEST(info.creator == 1);
    BOOST_TEST(info.state == creator_state::unknown);
  }
  BOOST_TEST(found == shared_segment::remove(maker.name(), maker.found_by()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(listing)

BOOST_AUTO_TEST_CASE(knows_nothing_of_what_is_not_acres) {
  const own_name name;
  write_file(name.path(), std::string(8192, 'x'));
  BOOST_TEST(!listed(name));
}

BOOST_AUTO_TEST_CASE(makes_nothing_up_of_what_is_not_acres) {
  const own_name name;
  write_file(name.path(), std::string(8192, 'x'));
  const segment_info info = shared_segment::open(name, {.foreign = foreign_memory::accept}).info();
  BOOST_TEST(info.name == name.text());
  BOOST_TEST(info.owner == ::geteuid());
  BOOST_TEST((info.mode & 0600U) == 0600U);
  BOOST_TEST(info.placement == "");
  BOOST_TEST(info.creator == 0);
  BOOST_TEST(info.state == creator_state::unknown);
  BOOST_TEST_REQUIRE(info.resident);
  BOOST_TEST(info.resident->resident() == 8192U / base_page());
  BOOST_TEST(info.to_string() == name.text() + " (posix): 8 KiB, " + info.resident->to_string());
}

BOOST_AUTO_TEST_CASE(is_not_brought_down_by_a_file_larger_than_any_address_space) {
  const own_name name;
  const std::uint64_t data = std::uint64_t{1} << 62;
  const int file = ::open(name.path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  BOOST_TEST_REQUIRE(file >= 0);
  if (::ftruncate(file, static_cast<off_t>(data + header_size)) == 0) {
    const header_bytes header =
        encode({.bytes = data, .object_bytes = data + header_size, .placement = "local"});
    BOOST_TEST(::pwrite(file, header.data(), header.size(), static_cast<off_t>(data)) ==
               static_cast<ssize_t>(header_size));
    const auto info = listed(name);
    BOOST_TEST_REQUIRE(info);
    BOOST_TEST(info->bytes == data);
    BOOST_TEST(!info->resident);
    BOOST_TEST(shared_segment::remove(name));
  }
  ::close(file);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
