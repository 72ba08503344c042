// shared_segment: names, and how segments come and go.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "support/kernel.hpp"
#include "support/segments.hpp"
#include "support/throws.hpp"

namespace acre {
namespace {

using test::again;
using test::code_thrown;
using test::own_name;
using test::segment_maker;
using test::way;

class segments : public testing::TestWithParam<way> {};
INSTANTIATE_TEST_SUITE_P(of, segments, testing::ValuesIn(test::all_ways), testing::PrintToStringParamName());

class named_segments : public testing::TestWithParam<way> {};
INSTANTIATE_TEST_SUITE_P(of, named_segments, testing::ValuesIn(test::named_ways),
                         testing::PrintToStringParamName());

bool all_zero(const shared_segment& s) {
  const auto* const bytes = static_cast<const char*>(s.data());
  return std::all_of(bytes, bytes + s.size(), [](char c) { return c == 0; });
}

TEST_P(segments, new_ones_are_zero_and_as_large_as_asked_for) {
  for (const std::size_t bytes :
       {std::size_t{1}, std::size_t{4095}, std::size_t{4096}, std::size_t{4097}, 1_MiB + 7}) {
    segment_maker maker(GetParam());
    const shared_segment s = maker.make(bytes);
    ASSERT_TRUE(s);
    EXPECT_TRUE(s.created());
    EXPECT_FALSE(s.is_foreign());
    EXPECT_EQ(s.backend(), test::backend_of(GetParam()));
    EXPECT_EQ(s.pages(), page_kind::system);
    EXPECT_EQ(s.size(), bytes);
    EXPECT_TRUE(all_zero(s));
    EXPECT_TRUE(s.at_creator_address());
    EXPECT_EQ(s.id() >= 0, s.backend() == segment_backend::sysv);
    EXPECT_EQ(s.native_handle() >= 0, s.backend() != segment_backend::sysv);
    EXPECT_EQ(s.is_sealed(), s.backend() != segment_backend::posix);
    EXPECT_TRUE(s.downgrades().empty());
  }
}

TEST_P(segments, who_attaches_sees_the_same_memory_and_only_the_data) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(10'001);
  const shared_segment t = again(s);
  EXPECT_FALSE(t.created());
  EXPECT_EQ(t.size(), 10'001U);
  EXPECT_NE(t.data(), s.data());
  EXPECT_EQ(t.creator_address(), s.data());
  EXPECT_FALSE(t.at_creator_address());
  EXPECT_EQ(t.backend(), s.backend());
  EXPECT_EQ(t.is_sealed(), s.is_sealed());
  static_cast<char*>(s.data())[10'000] = 'x';
  EXPECT_EQ(static_cast<char*>(t.data())[10'000], 'x');
}

TEST_P(segments, detaching_one_leaves_the_others_alone) {
  segment_maker maker(GetParam());
  shared_segment s = maker.make(1_MiB);
  shared_segment t = again(s);
  std::memset(s.data(), 7, s.size());
  s.detach();
  EXPECT_FALSE(s);
  EXPECT_EQ(s.data(), nullptr);
  EXPECT_EQ(s.size(), 0U);
  s.detach();
  EXPECT_EQ(static_cast<char*>(t.data())[1_MiB - 1], 7);
}

TEST_P(segments, moves_leave_nothing_behind) {
  segment_maker maker(GetParam());
  shared_segment s = maker.make(4096);
  void* const p = s.data();
  shared_segment t(std::move(s));
  EXPECT_FALSE(s);
  EXPECT_EQ(t.data(), p);
  shared_segment u = again(t);
  u = std::move(t);
  EXPECT_EQ(u.data(), p);
  EXPECT_FALSE(t);
  auto& same = u;
  u = std::move(same);
  EXPECT_EQ(u.data(), p);
}

TEST_P(segments, have_the_mode_asked_for_whatever_the_umask) {
  if (GetParam() == way::memfd) return;  // nobody finds it to be refused
  const mode_t before = ::umask(0777);
  for (const unsigned mode : {0600U, 0640U, 0666U, 0777U, 0400U}) {
    segment_maker maker(GetParam());
    const shared_segment s = maker.make(4096, placement::unbound(), {.mode = mode});
    if (s.id() >= 0) {
      shmid_ds d{};
      EXPECT_EQ(::shmctl(s.id(), IPC_STAT, &d), 0);
      // The right to execute, which means nothing here, is the library's mark.
      EXPECT_EQ(d.shm_perm.mode & 0666U, mode & 0666U);
      EXPECT_EQ(d.shm_perm.mode & 0111U, 0001U);
    } else {
      struct stat st {};
      EXPECT_EQ(::stat(maker.name().path().c_str(), &st), 0);
      EXPECT_EQ(st.st_mode & 07777U, mode);
    }
  }
  ::umask(before);
}

TEST_P(segments, programs_that_are_executed_get_no_descriptor) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(4096);
  const shared_segment t = again(s);
  for (const shared_segment* each : {&s, &t}) {
    if (each->native_handle() < 0) continue;
    EXPECT_NE(::fcntl(each->native_handle(), F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST_P(segments, attaching_leaves_the_callers_descriptor_alone) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(4096);
  if (s.native_handle() < 0) return;
  const int copy = ::dup(s.native_handle());
  {
    const shared_segment t = shared_segment::attach(copy);
    EXPECT_NE(t.native_handle(), copy);
  }
  EXPECT_EQ(::close(copy), 0);
}

TEST_P(named_segments, are_found_by_their_names_until_they_are_removed) {
  segment_maker maker(GetParam());
  const own_name& name = maker.name();
  const attach_options how = maker.found_by();
  EXPECT_EQ(code_thrown([&] { shared_segment::open(name, how); }), errc::no_such_segment);
  EXPECT_FALSE(shared_segment::remove(name, how));
  maker.make(5000).detach();
  {
    const shared_segment s = shared_segment::open(name, how);
    EXPECT_EQ(s.size(), 5000U);
    EXPECT_FALSE(s.created());
    static_cast<char*>(s.data())[4999] = 'x';
  }
  shared_segment last = shared_segment::open(name, how);
  EXPECT_EQ(static_cast<char*>(last.data())[4999], 'x');
  EXPECT_TRUE(shared_segment::remove(name, how));
  EXPECT_FALSE(shared_segment::remove(name, how));
  EXPECT_EQ(code_thrown([&] { shared_segment::open(name, how); }), errc::no_such_segment);
  // Who has it keeps it, and the name is free again.
  const shared_segment other = maker.make(4096);
  EXPECT_EQ(static_cast<char*>(last.data())[4999], 'x');
  EXPECT_EQ(static_cast<char*>(other.data())[0], 0);
}

TEST_P(named_segments, a_name_is_given_once) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(4096);
  static_cast<char*>(s.data())[0] = 'x';
  const std::size_t descriptors = test::count_descriptors();
  for (const auto commit : {commit::lazy, commit::eager})
    EXPECT_EQ(code_thrown([&] { maker.make(4096, placement::unbound(), {.commit = commit}); }),
              errc::name_in_use);
  EXPECT_EQ(test::count_descriptors(), descriptors);
  EXPECT_EQ(static_cast<char*>(shared_segment::open(maker.name(), maker.found_by()).data())[0], 'x');
}

TEST_P(named_segments, are_opened_if_there_and_made_if_not) {
  segment_maker maker(GetParam());
  const segment_options options{.backend = maker.name().backend()};
  const auto get = [&](std::size_t bytes) {
    return shared_segment::open_or_create(maker.name(), bytes, placement::unbound(), options);
  };
  const shared_segment s = get(5000);
  EXPECT_TRUE(s.created());
  const shared_segment t = get(5000);
  EXPECT_FALSE(t.created());
  static_cast<char*>(s.data())[0] = 'x';
  EXPECT_EQ(static_cast<char*>(t.data())[0], 'x');
  for (const std::size_t bytes : {1U, 4999U, 5001U, 100'000U})
    EXPECT_EQ(code_thrown([&] { get(bytes); }), errc::size_differs) << bytes;
}

TEST(segment, of_a_file_may_have_a_slash_in_front) {
  const own_name name;
  const shared_segment s = shared_segment::create("/" + name.text(), 4096, placement::unbound());
  EXPECT_TRUE(test::exists(name.path()));
  EXPECT_TRUE(shared_segment::open(name));
  EXPECT_TRUE(shared_segment::remove("/" + name.text()));
  EXPECT_FALSE(test::exists(name.path()));
}

TEST(segment, names_that_cannot_be_are_refused) {
  const std::string long_name(256, 'x');
  for (const std::string_view name : {std::string_view(), std::string_view("a/b"), std::string_view("/"),
                                      std::string_view(".."), std::string_view(long_name)}) {
    EXPECT_EQ(code_thrown([&] { shared_segment::create(name, 4096, placement::unbound()); }),
              errc::invalid_name);
    EXPECT_EQ(code_thrown([&] { shared_segment::open(name); }), errc::invalid_name);
    EXPECT_EQ(code_thrown([&] { shared_segment::remove(name); }), errc::invalid_name);
  }
  const attach_options sysv{.backend = segment_backend::sysv};
  for (const std::string_view name : {"", "0", "a", "0x100000000"}) {
    EXPECT_EQ(code_thrown([&] {
                shared_segment::create(name, 4096, placement::unbound(), {.backend = segment_backend::sysv});
              }),
              errc::invalid_name);
    EXPECT_EQ(code_thrown([&] { shared_segment::open(name, sysv); }), errc::invalid_name);
  }
  EXPECT_EQ(code_thrown([&] { shared_segment::open("private", sysv); }), errc::invalid_name);
  EXPECT_EQ(code_thrown([&] { shared_segment::remove("private", sysv); }), errc::invalid_name);
  EXPECT_EQ(code_thrown([&] { shared_segment::open("a", {.backend = segment_backend::memfd}); }),
            errc::invalid_argument);
}

TEST(segment, the_longest_name_works) {
  own_name name;
  const std::string text = name.text() + std::string(255 - name.text().size(), 'x');
  const shared_segment s = shared_segment::create(text, 4096, placement::unbound());
  EXPECT_TRUE(shared_segment::open(text));
  EXPECT_TRUE(shared_segment::remove(text));
}

TEST(segment, ids_that_are_none_are_no_segment) {
  segment_maker maker(way::sysv_private);
  const int id = maker.make(4096).id();
  EXPECT_TRUE(shared_segment::remove_id(id));
  EXPECT_FALSE(shared_segment::remove_id(id));
  for (const int none : {id, -1, 0x7fffffff}) {
    EXPECT_EQ(code_thrown([&] { shared_segment::attach_id(none); }), errc::no_such_segment) << none;
    EXPECT_FALSE(shared_segment::remove_id(none)) << none;
  }
}

TEST_P(segments, errors_come_as_codes_too) {
  segment_maker maker(GetParam());
  const own_name& name = maker.name();
  const attach_options how = maker.found_by();
  std::error_code ec = errc::invalid_text;
  EXPECT_FALSE(shared_segment::create(name, 0, placement::unbound(), {.backend = how.backend}, ec));
  EXPECT_EQ(ec, errc::invalid_size);
  const shared_segment s = maker.make(4096);
  EXPECT_TRUE(s.id() >= 0 ? shared_segment::attach_id(s.id(), {}, ec)
                          : shared_segment::attach(s.native_handle(), {}, ec));
  EXPECT_EQ(ec, std::error_code());
  EXPECT_FALSE(shared_segment::attach(-1, {}, ec));
  EXPECT_EQ(ec, errc::invalid_argument);
  EXPECT_FALSE(shared_segment::attach_id(-1, {}, ec));
  EXPECT_EQ(ec, errc::no_such_segment);
  shared_segment writer = again(s);
  writer.bind(placement::local(), {}, ec);
  EXPECT_EQ(ec, std::error_code());
  writer.bind(placement::local(), {.offset = 1}, ec);
  EXPECT_EQ(ec, errc::invalid_alignment);
  if (GetParam() != way::posix && GetParam() != way::sysv_key) return;
  EXPECT_TRUE(shared_segment::open(name, how, ec));
  EXPECT_EQ(ec, std::error_code());
  EXPECT_TRUE(shared_segment::remove(name, how, ec));
  EXPECT_EQ(ec, std::error_code());
  EXPECT_FALSE(shared_segment::remove(name, how, ec));
  EXPECT_EQ(ec, std::error_code());
  EXPECT_FALSE(shared_segment::open(name, how, ec));
  EXPECT_EQ(ec, errc::no_such_segment);
}

}  // namespace
}  // namespace acre
