// shared_segment: names, and how segments come and go.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

bool all_zero(const shared_segment& s) {
  const auto* const bytes = static_cast<const char*>(s.data());
  return std::all_of(bytes, bytes + s.size(), [](char c) { return c == 0; });
}

/// The first of all_ways: their cases in the suite are named with these.
constexpr std::array file_ways{way::posix, way::memfd};

BOOST_AUTO_TEST_SUITE(segments, *named_cases(all_ways))

BOOST_DATA_TEST_CASE(new_ones_are_zero_and_as_large_as_asked_for, all_ways, w) {
  for (const std::size_t bytes :
       {std::size_t{1}, std::size_t{4095}, std::size_t{4096}, std::size_t{4097}, 1_MiB + 7}) {
    segment_maker maker(w);
    const shared_segment s = maker.make(bytes);
    BOOST_TEST_REQUIRE(s);
    BOOST_TEST(s.created());
    BOOST_TEST(!s.is_foreign());
    BOOST_TEST(s.backend() == backend_of(w));
    BOOST_TEST(s.page_kind() == page_kind::system);
    BOOST_TEST(s.size() == bytes);
    BOOST_TEST(all_zero(s));
    BOOST_TEST(s.at_creator_address());
    BOOST_TEST((s.id() >= 0) == (s.backend() == segment_backend::sysv));
    BOOST_TEST((s.native_handle() >= 0) == (s.backend() != segment_backend::sysv));
    BOOST_TEST(s.is_sealed() == (s.backend() != segment_backend::posix));
    BOOST_TEST(s.downgrades().empty());
  }
}

BOOST_DATA_TEST_CASE(who_attaches_sees_the_same_memory_and_only_the_data, all_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(10'001);
  const shared_segment t = again(s);
  BOOST_TEST(!t.created());
  BOOST_TEST(t.size() == 10'001U);
  BOOST_TEST(t.data() != s.data());
  BOOST_TEST(t.creator_address() == s.data());
  BOOST_TEST(!t.at_creator_address());
  BOOST_TEST(t.backend() == s.backend());
  BOOST_TEST(t.is_sealed() == s.is_sealed());
  static_cast<char*>(s.data())[10'000] = 'x';
  BOOST_TEST(static_cast<char*>(t.data())[10'000] == 'x');
}

BOOST_DATA_TEST_CASE(detaching_one_leaves_the_others_alone, all_ways, w) {
  segment_maker maker(w);
  shared_segment s = maker.make(1_MiB);
  shared_segment t = again(s);
  std::memset(s.data(), 7, s.size());
  s.detach();
  BOOST_TEST(!s);
  BOOST_TEST(s.data() == nullptr);
  BOOST_TEST(s.size() == 0U);
  s.detach();
  BOOST_TEST(static_cast<char*>(t.data())[1_MiB - 1] == 7);
}

BOOST_DATA_TEST_CASE(moves_leave_nothing_behind, all_ways, w) {
  segment_maker maker(w);
  shared_segment s = maker.make(4096);
  void* const p = s.data();
  shared_segment t(std::move(s));
  BOOST_TEST(!s);
  BOOST_TEST(t.data() == p);
  shared_segment u = again(t);
  u = std::move(t);
  BOOST_TEST(u.data() == p);
  BOOST_TEST(!t);
  auto& same = u;
  u = std::move(same);
  BOOST_TEST(u.data() == p);
}

BOOST_DATA_TEST_CASE(programs_that_are_executed_get_no_descriptor, file_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(4096);
  const shared_segment t = again(s);
  for (const shared_segment* each : {&s, &t}) {
    BOOST_TEST_REQUIRE(each->native_handle() >= 0);
    BOOST_TEST((::fcntl(each->native_handle(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

BOOST_DATA_TEST_CASE(attaching_leaves_the_callers_descriptor_alone, file_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(4096);
  const int copy = ::dup(s.native_handle());
  {
    const shared_segment t = shared_segment::attach(copy);
    BOOST_TEST((t.info().backend == s.backend()));
    BOOST_TEST(t.info().name == "");
    BOOST_TEST(t.info().bytes == s.size());
    BOOST_TEST(t.native_handle() != copy);
  }
  BOOST_TEST(::close(copy) == 0);
}

BOOST_DATA_TEST_CASE(errors_come_as_codes_too, all_ways, w) {
  segment_maker maker(w);
  const own_name& name = maker.name();
  const attach_options how = maker.found_by();
  std::error_code ec = errc::invalid_text;
  BOOST_TEST(!shared_segment::create(name, 0, placement::unbound(), {.backend = how.backend}, ec));
  BOOST_TEST(ec == errc::invalid_size);
  const shared_segment s = maker.make(4096);
  BOOST_TEST((s.id() >= 0 ? shared_segment::attach_id(s.id(), {}, ec)
                          : shared_segment::attach(s.native_handle(), {}, ec)));
  BOOST_TEST(ec == std::error_code());
  BOOST_TEST(!shared_segment::attach(-1, {}, ec));
  BOOST_TEST(ec == errc::invalid_argument);
  BOOST_TEST(!shared_segment::attach_id(-1, {}, ec));
  BOOST_TEST(ec == errc::no_such_segment);
  shared_segment writer = again(s);
  writer.bind(placement::local(), {}, ec);
  BOOST_TEST(ec == std::error_code());
  writer.bind(placement::local(), {.offset = 1}, ec);
  BOOST_TEST(ec == errc::invalid_alignment);
  if (w != way::posix && w != way::sysv_key) return;
  BOOST_TEST(shared_segment::open(name, how, ec));
  BOOST_TEST(ec == std::error_code());
  BOOST_TEST(shared_segment::remove(name, how, ec));
  BOOST_TEST(ec == std::error_code());
  BOOST_TEST(!shared_segment::remove(name, how, ec));
  BOOST_TEST(ec == std::error_code());
  BOOST_TEST(!shared_segment::open(name, how, ec));
  BOOST_TEST(ec == errc::no_such_segment);
}

BOOST_AUTO_TEST_SUITE_END()

/// Others find these, by name or id, and may be refused.
constexpr std::array findable_ways{way::posix, way::sysv_key, way::sysv_private};

BOOST_AUTO_TEST_SUITE(findable_segments, *named_cases(findable_ways))

BOOST_DATA_TEST_CASE(have_the_mode_asked_for_whatever_the_umask, findable_ways, w) {
  const mode_t before = ::umask(0777);
  for (const unsigned mode : {0600U, 0640U, 0666U, 0777U, 0400U}) {
    segment_maker maker(w);
    const shared_segment s = maker.make(4096, placement::unbound(), {.mode = mode});
    if (s.id() >= 0) {
      shmid_ds d{};
      BOOST_TEST(::shmctl(s.id(), IPC_STAT, &d) == 0);
      // The right to execute, which means nothing here, is the library's mark.
      BOOST_TEST((d.shm_perm.mode & 0666U) == (mode & 0666U));
      BOOST_TEST((d.shm_perm.mode & 0111U) == 0001U);
    } else {
      struct stat st {};
      BOOST_TEST(::stat(maker.name().path().c_str(), &st) == 0);
      BOOST_TEST((st.st_mode & 07777U) == mode);
    }
  }
  ::umask(before);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(named_segments, *named_cases(named_ways))

BOOST_DATA_TEST_CASE(are_found_by_their_names_until_they_are_removed, named_ways, w) {
  segment_maker maker(w);
  const own_name& name = maker.name();
  const attach_options how = maker.found_by();
  BOOST_CHECK_EXCEPTION((void)shared_segment::open(name, how), error, with_code(errc::no_such_segment));
  BOOST_TEST(!shared_segment::remove(name, how));
  maker.make(5000).detach();
  {
    const shared_segment s = shared_segment::open(name, how);
    BOOST_TEST(s.size() == 5000U);
    BOOST_TEST(!s.created());
    static_cast<char*>(s.data())[4999] = 'x';
  }
  shared_segment last = shared_segment::open(name, how);
  BOOST_TEST(static_cast<char*>(last.data())[4999] == 'x');
  BOOST_TEST(shared_segment::remove(name, how));
  BOOST_TEST(!shared_segment::remove(name, how));
  BOOST_CHECK_EXCEPTION((void)shared_segment::open(name, how), error, with_code(errc::no_such_segment));
  // Who has it keeps it, and the name is free again.
  const shared_segment other = maker.make(4096);
  BOOST_TEST(static_cast<char*>(last.data())[4999] == 'x');
  BOOST_TEST(static_cast<char*>(other.data())[0] == 0);
}

BOOST_DATA_TEST_CASE(a_name_is_given_once, named_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(4096);
  static_cast<char*>(s.data())[0] = 'x';
  const std::size_t descriptors = count_descriptors();
  for (const auto commit : {commit::lazy, commit::eager})
    BOOST_CHECK_EXCEPTION(maker.make(4096, placement::unbound(), {.commit = commit}), error,
                          with_code(errc::name_in_use));
  BOOST_TEST(count_descriptors() == descriptors);
  BOOST_TEST(static_cast<char*>(shared_segment::open(maker.name(), maker.found_by()).data())[0] == 'x');
}

BOOST_DATA_TEST_CASE(are_opened_if_there_and_made_if_not, named_ways, w) {
  segment_maker maker(w);
  const segment_options options{.backend = maker.name().backend()};
  const auto get = [&](std::size_t bytes) {
    return shared_segment::open_or_create(maker.name(), bytes, placement::unbound(), options);
  };
  const shared_segment s = get(5000);
  BOOST_TEST(s.created());
  const shared_segment t = get(5000);
  BOOST_TEST(!t.created());
  static_cast<char*>(s.data())[0] = 'x';
  BOOST_TEST(static_cast<char*>(t.data())[0] == 'x');
  for (const std::size_t bytes : {1U, 4999U, 5001U, 100'000U}) {
    BOOST_TEST_INFO(bytes << " bytes");
    BOOST_CHECK_EXCEPTION(get(bytes), error, with_code(errc::size_differs));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(segment)

BOOST_AUTO_TEST_CASE(of_a_file_may_have_a_slash_in_front) {
  const own_name name;
  const shared_segment s = shared_segment::create("/" + name.text(), 4096, placement::unbound());
  BOOST_TEST(exists(name.path()));
  BOOST_TEST(shared_segment::open(name));
  BOOST_TEST(shared_segment::remove("/" + name.text()));
  BOOST_TEST(!exists(name.path()));
}

BOOST_AUTO_TEST_CASE(names_that_cannot_be_are_refused) {
  const std::string long_name(256, 'x');
  for (const std::string_view name : {std::string_view(), std::string_view("a/b"), std::string_view("/"),
                                      std::string_view(".."), std::string_view(long_name)}) {
    BOOST_CHECK_EXCEPTION(shared_segment::create(name, 4096, placement::unbound()), error,
                          with_code(errc::invalid_name));
    BOOST_CHECK_EXCEPTION((void)shared_segment::open(name), error, with_code(errc::invalid_name));
    BOOST_CHECK_EXCEPTION(shared_segment::remove(name), error, with_code(errc::invalid_name));
  }
  const attach_options sysv{.backend = segment_backend::sysv};
  for (const std::string_view name : {"", "0", "a", "0x100000000"}) {
    BOOST_CHECK_EXCEPTION(
        shared_segment::create(name, 4096, placement::unbound(), {.backend = segment_backend::sysv}), error,
        with_code(errc::invalid_name));
    BOOST_CHECK_EXCEPTION((void)shared_segment::open(name, sysv), error, with_code(errc::invalid_name));
  }
  BOOST_CHECK_EXCEPTION((void)shared_segment::open("private", sysv), error, with_code(errc::invalid_name));
  BOOST_CHECK_EXCEPTION(shared_segment::remove("private", sysv), error, with_code(errc::invalid_name));
  BOOST_CHECK_EXCEPTION((void)shared_segment::open("a", {.backend = segment_backend::memfd}), error,
                        with_code(errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(the_longest_name_works) {
  const own_name name(way::posix, 255);
  const shared_segment s = shared_segment::create(name, 4096, placement::unbound());
  BOOST_TEST(shared_segment::open(name));
  BOOST_TEST(shared_segment::remove(name));
}

BOOST_AUTO_TEST_CASE(ids_that_are_none_are_no_segment) {
  segment_maker maker(way::sysv_private);
  const int id = maker.make(4096).id();
  BOOST_TEST(shared_segment::remove_id(id));
  // Who lists segments has each attached for a moment, and till then the id is there.
  shmid_ds unused{};
  BOOST_TEST(comes_true([&] { return ::shmctl(id, IPC_STAT, &unused) != 0; }));
  for (const int none : {id, -1, 0x7fffffff}) {
    BOOST_TEST_CONTEXT("id " << none) {
      BOOST_CHECK_EXCEPTION((void)shared_segment::attach_id(none), error, with_code(errc::no_such_segment));
      BOOST_TEST(!shared_segment::remove_id(none));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
