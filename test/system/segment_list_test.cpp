// shared_segment::list(): what there is.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cstring>
#include <optional>
#include <sstream>
#include <string>

#include "segment/segment_record.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/segments.hpp"

namespace acre {
namespace {

using test::in_child;
using test::own_name;
using test::segment_maker;
using test::way;

node_id some_node() { return topology::system().default_nodes().first(); }

std::optional<segment_info> listed(const own_name& name, int id = -1) {
  for (segment_info& info : shared_segment::list()) {
    if (name.backend() == segment_backend::sysv ? info.id == id : info.name == name.text())
      return std::move(info);
  }
  return std::nullopt;
}

class listed_segments : public testing::TestWithParam<way> {};
INSTANTIATE_TEST_SUITE_P(of, listed_segments, testing::Values(way::posix, way::sysv_key, way::sysv_private),
                         testing::PrintToStringParamName());

TEST_P(listed_segments, have_all_that_is_known_of_them) {
  segment_maker maker(GetParam());
  const placement where = placement::bind({some_node()});
  const shared_segment s = maker.make(1_MiB + 1, where, {.mode = 0640});
  static_cast<char*>(s.data())[0] = 1;
  const auto info = listed(maker.name(), s.id());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->backend, s.backend());
  EXPECT_EQ(info->id, s.id());
  EXPECT_EQ(info->bytes, 1_MiB + 1);
  EXPECT_EQ(info->pages, page_kind::system);
  EXPECT_EQ(info->placement, where.to_string());
  EXPECT_EQ(info->owner, ::geteuid());
  EXPECT_EQ(info->mode, 0640U);
  EXPECT_EQ(info->creator, ::getpid());
  EXPECT_EQ(info->state, creator_state::alive);
  ASSERT_TRUE(info->resident);
  EXPECT_EQ(info->resident->pages, 1_MiB / test::base_page() + 1);
  EXPECT_EQ(info->resident->on(some_node()), 1U);
  std::ostringstream out;
  out << *info;
  EXPECT_EQ(out.str(), info->to_string());
  EXPECT_NE(out.str().find(where.to_string()), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("alive"), std::string::npos) << out.str();
}

TEST_P(listed_segments, can_be_opened_and_removed_by_the_name_they_are_listed_with) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(4096);
  const auto info = listed(maker.name(), s.id());
  ASSERT_TRUE(info);
  if (GetParam() == way::sysv_private) {
    EXPECT_EQ(info->name, "private");
    EXPECT_TRUE(shared_segment::remove_id(info->id));
  } else {
    const attach_options how{.backend = info->backend};
    EXPECT_TRUE(shared_segment::open(info->name, how));
    EXPECT_TRUE(shared_segment::remove(info->name, how));
  }
  const auto after = listed(maker.name(), s.id());
  EXPECT_TRUE(!after || GetParam() != way::posix);
}

TEST_P(listed_segments, get_no_page_by_being_listed) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(4_MiB);
  static_cast<char*>(s.data())[3 * test::base_page()] = 1;
  const std::size_t before = test::object_pages(s);
  for (int n = 0; n < 3; ++n) {
    const auto info = listed(maker.name(), s.id());
    ASSERT_TRUE(info && info->resident);
    EXPECT_EQ(info->resident->resident(), 1U);
  }
  EXPECT_EQ(test::object_pages(s), before);
}

TEST_P(listed_segments, tell_that_their_creator_is_gone) {
  segment_maker maker(GetParam());
  int made[2];
  ASSERT_EQ(::pipe(made), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const shared_segment s = maker.make(5000);
    const int id = s.id();
    ::_exit(::write(made[1], &id, sizeof id) == sizeof id ? 0 : 1);
  }
  int id = -1;
  ASSERT_EQ(::read(made[0], &id, sizeof id), static_cast<ssize_t>(sizeof id));
  ::close(made[0]);
  ::close(made[1]);
  // Ended, and nobody waited for it yet.
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  for (const bool reaped : {false, true}) {
    if (reaped) {
      ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    }
    const auto info = listed(maker.name(), id);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->creator, child);
    EXPECT_EQ(info->state, creator_state::gone) << (reaped ? "" : "a zombie");
    EXPECT_EQ(info->bytes, 5000U);
  }
  if (id >= 0) {
    EXPECT_TRUE(shared_segment::remove_id(id));
  }
}

TEST_P(listed_segments, of_creators_in_another_pid_namespace_have_unknown_ones) {
  segment_maker maker(GetParam());
  if (GetParam() == way::sysv_private) return;  // its id comes from a child, see above
  test::in_namespaces(CLONE_NEWPID, [&] {
    EXPECT_EQ(::getpid(), 1);
    const shared_segment s = maker.make(4096);
    const auto info = listed(maker.name(), s.id());
    ASSERT_TRUE(info);
    EXPECT_NE(info->state, creator_state::unknown);
  });
  bool found = false;
  for (const segment_info& info : shared_segment::list()) {
    const bool is_it = GetParam() == way::posix
                           ? info.name == maker.name().text()
                           : info.id >= 0 && info.id == ::shmget(maker.name().key(), 0, 0);
    if (!is_it) continue;
    found = true;
    EXPECT_EQ(info.creator, 1);
    EXPECT_EQ(info.state, creator_state::unknown);
  }
  EXPECT_EQ(found, shared_segment::remove(maker.name(), maker.found_by()));
}

TEST(listing, knows_nothing_of_what_is_not_acres) {
  const own_name name;
  test::write_file(name.path(), std::string(8192, 'x'));
  EXPECT_FALSE(listed(name));
}

TEST(listing, is_not_brought_down_by_a_file_larger_than_any_address_space) {
  const own_name name;
  const std::uint64_t data = std::uint64_t{1} << 62;
  const int file = ::open(name.path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  if (::ftruncate(file, static_cast<off_t>(data + record_size)) == 0) {
    const record_bytes header =
        encode({.bytes = data, .object_bytes = data + record_size, .placement = "local"});
    EXPECT_EQ(::pwrite(file, header.data(), header.size(), static_cast<off_t>(data)),
              static_cast<ssize_t>(record_size));
    const auto info = listed(name);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->bytes, data);
    EXPECT_FALSE(info->resident);
    EXPECT_TRUE(shared_segment::remove(name));
  }
  ::close(file);
}

}  // namespace
}  // namespace acre
